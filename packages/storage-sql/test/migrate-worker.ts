// One process of migrating.test.ts: brings a SQLite file to the latest schema and says how many steps it applied.
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { schema } from './shared-tables.ts'

const [file] = process.argv.slice(2) as [string]
const storage = sqliteStorage({ file, busyTimeoutMs: 60_000 })
storage.declare(schema)
const { applied } = await storage.schema.migrate()
process.stdout.write(`${applied} ${(await storage.schema.drift()).length}\n`)
await storage.close()
