import './errors.ts'

export type { Dialect } from './dialect.ts'
export { type EngineOptions, sqlStorage } from './engine.ts'
export { postgresDialect } from './postgres-dialect.ts'
export { sqliteDialect } from './sqlite-dialect.ts'
