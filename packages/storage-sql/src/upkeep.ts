import { type Clearing, checkDerived, type Redaction, type Steps, type StorageHealth } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import { type Catalog, declaredTable } from './catalog.ts'
import { buildCondition, describeCondition } from './condition.ts'
import { int, matching, tenantPick, text } from './fields.ts'
import { ask, parameter, type Statement, shapeOf } from './statement.ts'
import { textParameter } from './values.ts'
import { consumerTable, eventTable, headTable, laneTable, timerTable, UNSEQUENCED } from './work-tables.ts'

type Doing<T> = Steps<Statement, T>

/** Takes body and salt out of a subject's events. Rare, so its statements are compiled each time. */
export function* redactEvents(catalog: Catalog, tenant: string, of: Redaction): Doing<number> {
  const { build, cast } = catalog.dialect
  const name = catalog.named(eventTable.name)
  const subject = { tenant: tenantPick, kind: text((from: Redaction) => from.kind), subject: text((from: Redaction) => from.subject) }
  const upTo = cast('integer', parameter<Redaction>(int((from) => from.upTo ?? Number.MAX_SAFE_INTEGER)))
  const where = sql<boolean>`${matching(catalog, eventTable, subject)} and ${sql.ref('seq')} <= ${upTo} and ${sql.ref('body')} is not null`
  textParameter(tenant, 'the tenant')
  const count = yield ask(shapeOf<Redaction>(build.selectFrom(name).where(where).select(counted(catalog)).compile()), tenant, of)
  yield ask(shapeOf<Redaction>(build.updateTable(name).set({ body: sql`null`, salt: sql`null` }).where(where).compile()), tenant, of)
  return Number(count)
}

/** Removes rows of a derived table. */
export function* clearRows(catalog: Catalog, tenant: string, of: Clearing): Doing<number> {
  const table = declaredTable(catalog, of.table)
  checkDerived(table)
  const described = { shape: '', values: [] as string[] }
  describeCondition(of.where, table, described)
  let value = 0
  const next = () => {
    const i = value++
    return parameter(() => described.values[i]!)
  }
  return yield* removeSome(catalog, table.name, table.key, tenant, of.limit, buildCondition(of.where, table, catalog.dialect, next))
}

/** Removes what a tenant has: rows of the declared tables, then timers, events, heads. */
export function* dropRows(catalog: Catalog, tenant: string, limit: number): Doing<number> {
  const declared = [...catalog.tables.values()].map((table) => ({ name: table.name, key: table.key }))
  const work = [timerTable, eventTable, headTable].map((table) => ({ name: table.name, key: table.key.slice(1) }))
  let left = limit
  for (const { name, key } of [...declared, ...work]) left -= yield* removeSome(catalog, name, key, tenant, left, sql<boolean>`true`)
  return limit - left
}

/** Counts first and removes then: an engine that deletes tells nobody how many. */
function* removeSome(
  catalog: Catalog,
  table: string,
  key: readonly string[],
  tenant: string,
  limit: number,
  where: Expression<boolean>,
): Doing<number> {
  if (limit <= 0) return 0
  textParameter(tenant, 'the tenant')
  const { build } = catalog.dialect
  const name = catalog.named(table)
  const columns = sql.join(key.map((column) => sql.ref(column)))
  const mine = sql<boolean>`${sql.ref('tenant')} = ${parameter((of) => of)}`
  const some = build
    .selectFrom(name)
    .where(mine)
    .where(where)
    .select(key.map((column) => sql.ref(column).as(column)))
    .limit(
      sql<number>`${catalog.dialect.cast(
        'integer',
        parameter(() => String(limit)),
      )}`,
    )
  const count = Number(yield ask(shapeOf<null>(build.selectFrom(some.as('some')).select(counted(catalog)).compile()), tenant, null))
  if (count === 0) return 0
  const found = sql<boolean>`(${columns}) in (${some})`
  yield ask(shapeOf<null>(build.deleteFrom(name).where(mine).where(found).compile()), tenant, null)
  return count
}

const counted = (catalog: Catalog) => catalog.dialect.asText(sql`count(*)`).as('count')

type HealthRow = readonly [
  parked: number,
  unsequenced: number,
  since: number | null,
  behind: readonly (readonly [string, number])[],
  now: number,
]

/** One statement over the work tables. */
export function* healthOf(catalog: Catalog): Doing<StorageHealth> {
  const { answers, build, nowMs, rows } = catalog.dialect
  const [event, timer, lane, consumer] = [eventTable, timerTable, laneTable, consumerTable].map((of) => sql.table(catalog.named(of.name)))
  const unsequenced = (what: Expression<unknown>) => sql`(select ${what} from ${event!} where ${sql.raw(UNSEQUENCED)})`
  const lag = sql`select "who"."consumer" as "consumer", coalesce(sum("l"."last_position" - coalesce("c"."position", 0)), 0) as "behind"
    from (select distinct "consumer" from ${consumer!}) as "who" cross join ${lane!} as "l"
    left join ${consumer!} as "c" on "c"."consumer" = "who"."consumer" and "c"."lane" = "l"."lane" group by "who"."consumer"`
  const statement = answers([
    sql`(select count(*) from ${timer!} where "parked" is true)`,
    unsequenced(sql`count(*)`),
    unsequenced(sql`min("recorded_at")`),
    sql`(select ${rows(['consumer', 'behind'])} from (${lag}) as "lags")`,
    nowMs,
  ])
  const found = JSON.parse((yield ask(shapeOf<null>(statement.compile(build)), '', null)) as string) as HealthRow
  const [parked, waiting, since, behind, now] = found
  return { parked, unsequenced: waiting, unsequencedSince: since, behind: Object.fromEntries(behind), now }
}
