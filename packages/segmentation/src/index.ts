import './refusals.ts'

export * from './needs.ts'
export * from './rules.ts'
export * from './tiers.ts'
export * from './value.ts'
