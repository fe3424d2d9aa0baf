import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSegments, defineSegment, defineSource, did, field, type Rule } from '@patronkit/segmentation'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { machine, median, table, time, writeReadme } from '../../../bench/measure.ts'

const ROUNDS = 7
const EVENTS_A_ROUND = 100
const SEGMENTS = 200
/** Customers who are told about one by one; the rest are copies of them under other names, made in SQL. */
const TOLD = 1_000
const KINDS = 20

const source = defineSource({
  id: 'shoppers',
  columns: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`c${n}`, 'integer' as const])),
  facts: { columns: { amount: 'decimal' } },
})

/** Eight rules in ten look at a column, two at events of one of twenty kinds within a week: an event is looked at by two. */
const ruleOf = (n: number): Rule =>
  n % 5 === 0 ? did(`event${(n / 5) % KINDS}`, { within: { days: 7 }, atLeast: 1 }) : field(`c${n % 10}`).gte(1_000 + n)

/** Copies the customers of a tenant until there are so many. */
function copy(db: DatabaseSync, tenant: string, customers: number): void {
  const copies = Math.ceil(customers / TOLD) - 1
  db.exec(
    `create temp table copies (n integer); with recursive c(n) as (select 1 union all select n + 1 from c where n < ${copies}) insert into copies select n from c`,
  )
  const rows = [
    ['patronkit_head', 'subject', `kind = 'segments-customer' and`],
    ['patronkit_timer', 'key', `queue = 'segments.time' and`],
    ['patronkit_segments_customer', 'customer', ''],
    ['patronkit_segments_fact', 'customer', ''],
    ['patronkit_segments_stay', 'customer', ''],
  ] as const
  for (const [name, whose, only] of rows) {
    const columns = db
      .prepare(`select name from pragma_table_info('${name}')`)
      .all()
      .map((row) => String(row.name))
    const named = columns.map((column) => (column === whose ? `${whose} || '-' || n` : column)).join(', ')
    db.exec(
      `insert into ${name} (${columns.join(', ')}) select ${named} from copies, ${name} where ${only} tenant = '${tenant}' order by n`,
    )
  }
  db.exec('drop table copies')
}

export async function run(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-memberships-'))
  const db = new DatabaseSync(join(folder, 'crm.db'))
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -200000')
    const storage = sqliteStorage({ connection: fromNodeSqlite(db) })
    const service = createSegments({ storage })
    await storage.schema.migrate()
    const ready = async (tenant: string, customers: number) => {
      const segments = service.for({ tenant, by: { type: 'system', id: 'bench' } })
      await segments.publish({ definition: source })
      for (let n = 0; n < SEGMENTS; n++)
        await segments.publish({ definition: defineSegment({ id: `s${n}`, source: source.id, where: ruleOf(n) }) })
      const at = Date.now() - 86_400_000
      await segments.recordMany({
        customers: Array.from({ length: TOLD }, (_, n) => ({
          source: source.id,
          customer: `u${n}`,
          at,
          profile: { c0: n, c1: n % 7, c2: n % 11 },
          facts: [{ id: `f${n}`, type: `event${n % KINDS}`, at, values: { amount: '21.90' } }],
        })),
      })
      console.log(`${tenant}: ${TOLD} told about, ${customers} in all …`)
      copy(db, tenant, customers)
      return segments
    }
    const large = await ready('large', Number(process.env.PATRONKIT_CUSTOMERS ?? 1_000_000))
    const mautic = await ready('mautic', Math.min(260_000, Number(process.env.PATRONKIT_CUSTOMERS ?? 260_000)))
    let next = 0
    const whose = (segments: number) => `u${(next * 7) % TOLD}-${1 + ((next++ * 104_729) % (segments / TOLD - 1))}`
    const count = async (of: typeof large, customers: string) => (await of.count({ segment: customers })).of
    const [all, some] = [await count(large, 's0'), await count(mautic, 's0')]

    const singles: number[] = []
    const asked: number[] = []
    const tens: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const own: number[] = []
      for (let n = 0; n < EVENTS_A_ROUND; n++) {
        const customer = whose(all)
        const facts = [{ id: `e${round}-${n}`, type: `event${next % KINDS}`, at: Date.now(), values: { amount: '9.90' } }]
        const start = process.hrtime.bigint()
        const answer = await large.record({ source: source.id, customer, facts })
        own.push(Number(process.hrtime.bigint() - start))
        if (round > 0) asked.push(answer.asked)
      }
      const customers = Array.from({ length: 10 }, (_, n) => ({
        source: source.id,
        customer: whose(some),
        profile: { c0: 5_000 + round * 10 + n },
        facts: [],
      }))
      const start = process.hrtime.bigint()
      await mautic.recordMany({ customers })
      const took = Number(process.hrtime.bigint() - start)
      // the first round warms up
      if (round > 0) {
        singles.push(median(own))
        tens.push(took)
      }
    }
    const touched = `${Math.min(...asked)} to ${Math.max(...asked)} rules asked`
    const rows = [
      [`one event, ${SEGMENTS} segments, ${all.toLocaleString('en-US')} customers`, time(median(singles)), touched],
      [`10 of ${some.toLocaleString('en-US')} customers change`, time(median(tens)), 'one commit'],
    ]
    const text = `${table(['kept on SQLite, in a file', 'time', ''], rows)}\n\nMedian of ${ROUNDS} rounds, read to commit; ${machine()}.`
    console.log(text)
    writeReadme(new URL('../README.md', import.meta.url), text, 'bench-kept')
    return median(singles) <= 1e6 && median(tens) <= 50e6
  } finally {
    db.close()
    rmSync(folder, { recursive: true })
  }
}
