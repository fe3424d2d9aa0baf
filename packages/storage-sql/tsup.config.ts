import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library(
    ['index', 'sqlite', 'node-sqlite', 'postgres', 'pg', 'postgres-js', 'pglite', 'kysely', 'drizzle', 'better-sqlite3', 'host'].map(
      (entry) => `src/${entry}.ts`,
    ),
  ),
)
