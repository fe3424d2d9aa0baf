export type { Capabilities, Test } from './facts.ts'
export type { Arbitrary, FastCheck } from './fast-check.ts'
export { type ModelOptions, type SuiteOptions, storageSuite } from './suite.ts'
