// What a ticket costs in the host's database: rows and bytes of each table and its indexes, over the simulated log.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { manualClock, type Storage } from '@patronkit/core'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { table as markdown, writeReadme } from '../../../bench/measure.ts'
import { readDefinitions } from '../src/commands/definitions.ts'
import { reportFrom } from '../src/commands/sla-report.ts'
import { logCsv, simulateLog } from '../src/simulate/index.ts'

const TICKETS = 5_000
const SEED = 1

/** One table: its rows, its indexes with the key, and bytes of rows and of indexes. */
interface Size {
  readonly table: string
  readonly rows: number
  readonly indexes: number
  readonly bytes: number
  readonly indexBytes: number
}

async function fill(storage: Storage, log: string): Promise<void> {
  const file = (name: string) => new URL(`../../../examples/helpdesk/${name}.json`, import.meta.url).pathname
  const definitions = readDefinitions({ mapping: file('mapping'), policy: file('policy'), calendar: file('calendar') })
  await reportFrom({ log, definitions, tenant: 'acme', storage, clock: manualClock('2026-06-01T00:00:00Z') })
  // events take their positions when a consumer reads
  await storage.feed({ consumer: 'cost', now: 0, limit: 1 })
}

async function onSqlite(log: string, folder: string): Promise<{ sizes: Size[]; grown: number }> {
  const db = new DatabaseSync(join(folder, 'cost.db'))
  const storage = sqliteStorage({ connection: fromNodeSqlite(db), tablePrefix: '' })
  await fill(storage, log)
  const pages = () => Number(Object.values(db.prepare('pragma page_count').get()!)[0]) * 4096
  const grown = pages()
  db.exec('vacuum')
  const used = new Map(
    db
      .prepare('select name, sum(pgsize) as bytes from dbstat group by name')
      .all()
      .map((row) => [String(row.name), Number(row.bytes)]),
  )
  const tables = db.prepare("select name from sqlite_master where type = 'table' order by name").all()
  const sizes = tables.map(({ name }): Size => {
    const own = db.prepare("select name from sqlite_master where type = 'index' and tbl_name = ?").all(name!)
    const rows = Number(db.prepare(`select count(*) as n from "${name}"`).get()!.n)
    const indexBytes = own.reduce((sum, index) => sum + (used.get(String(index.name)) ?? 0), 0)
    return { table: String(name), rows, indexes: own.length, bytes: used.get(String(name)) ?? 0, indexBytes }
  })
  db.close()
  return { sizes, grown }
}

async function onPostgres(log: string): Promise<{ sizes: Size[]; grown: number }> {
  const db = new PGlite()
  const storage = postgresStorage({ connection: fromPglite(db) })
  await fill(storage, log)
  const measured = async () => {
    const { rows } = await db.query<Size>(`select c.relname as "table", pg_table_size(c.oid)::int as "bytes",
        pg_indexes_size(c.oid)::int as "indexBytes", (select count(*)::int from pg_index i where i.indrelid = c.oid) as "indexes", 0 as "rows"
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'patronkit' and c.relkind = 'r' order by c.relname`)
    return rows
  }
  const before = await measured()
  await db.exec('vacuum full analyze')
  const sizes: Size[] = []
  for (const size of await measured()) {
    const counted = await db.query<{ n: number }>(`select count(*)::int as n from patronkit."${size.table}"`)
    sizes.push({ ...size, rows: counted.rows[0]!.n })
  }
  await db.close()
  return { sizes, grown: before.reduce((sum, size) => sum + size.bytes + size.indexBytes, 0) }
}

const perTicket = (bytes: number): string => Math.round(bytes / TICKETS).toLocaleString('en-US')
const sum = (sizes: readonly Size[], of: (size: Size) => number): number => sizes.reduce((total, size) => total + of(size), 0)

/** `pnpm bench cost`: fills both engines and writes the table into docs/cost.md. */
export async function run(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-cost-'))
  const log = join(folder, 'log.csv')
  const lines = [...simulateLog({ seed: SEED, tickets: TICKETS })]
  writeFileSync(log, [...logCsv(lines)].join(''))
  const sqlite = await onSqlite(log, folder)
  const postgres = await onPostgres(log)
  rmSync(folder, { recursive: true })

  // what every installation has, however many tickets, is told below
  const all = postgres.sizes.map((size) => ({ size, lite: sqlite.sizes.find((one) => one.table === size.table)! }))
  const busy = all.filter(({ size }) => size.rows >= TICKETS / 100)
  const rows = busy.map(({ size, lite }) => [
    `\`${size.table}\``,
    (size.rows / TICKETS).toFixed(2),
    String(size.indexes),
    perTicket(size.bytes),
    perTicket(size.indexBytes),
    perTicket(lite.bytes),
    perTicket(lite.indexBytes),
  ])
  rows.push([
    '**all**',
    `**${(sum(postgres.sizes, (size) => size.rows) / TICKETS).toFixed(2)}**`,
    `**${sum(postgres.sizes, (size) => size.indexes)}**`,
    `**${perTicket(sum(postgres.sizes, (size) => size.bytes))}**`,
    `**${perTicket(sum(postgres.sizes, (size) => size.indexBytes))}**`,
    `**${perTicket(sum(sqlite.sizes, (size) => size.bytes))}**`,
    `**${perTicket(sum(sqlite.sizes, (size) => size.indexBytes))}**`,
  ])
  const head = [
    'table',
    'rows a ticket',
    'indexes',
    'Postgres: rows, bytes a ticket',
    'its indexes',
    'SQLite: rows, bytes a ticket',
    'its indexes',
  ]
  const idle = all.filter((one) => !busy.includes(one)).map(({ size }) => `\`${size.table}\``)
  const note = [
    `${TICKETS.toLocaleString('en-US')} simulated tickets (seed ${SEED}) with ${lines.length.toLocaleString('en-US')} facts, ${(lines.length / TICKETS).toFixed(1)} a ticket,`,
    'under the policy of examples/helpdesk; PGlite after `vacuum full`, SQLite after `vacuum`.',
    `As it grew, with what updates left behind and nothing vacuumed: ${perTicket(postgres.grown)} bytes a ticket on Postgres, ${perTicket(sqlite.grown)} on SQLite.`,
    `In all ${all.length} tables; those that hardly grow with tickets: ${idle.join(', ')}.`,
    "Where a table's key is an index beside the rows, it is counted under indexes: on Postgres always, on SQLite for `event`.",
  ].join(' ')
  const report = `\n${markdown(head, rows)}\n\n${note}\n`
  console.log(report)
  writeReadme(new URL('../../../docs/cost.md', import.meta.url), report)
  return true
}
