import { type Claimed, type ClaimRequest, LANES, laneOf, type Steps } from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { int, limitedTo, text } from './fields.ts'
import { ask, kept, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { LEASED, timerTable, WAITING } from './work-tables.ts'

/**
 * Claims in one statement. Rows that another claim holds are passed over, so workers never wait for one another; where the
 * server cannot do that, whoever comes second finds its rows changed and leaves them.
 */
export function postgresClaim(catalog: Catalog): (request: ClaimRequest) => Steps<Statement, readonly Claimed[]> {
  const shapes = new Map<string, Shape<ClaimRequest>>()
  return function* (request) {
    const queues = request.queues.length
    if (queues === 0 || request.limit <= 0) return []
    const most = 2 ** Math.ceil(Math.log2(request.limit))
    const shape = kept(shapes, `${queues} ${most}`, () => claimShape(catalog, queues, most))
    const claimed = JSON.parse((yield ask(shape, '', request)) as string) as [string, string, string, number, number, number][]
    const { lease } = request
    return claimed.map(([tenant, queue, key, dueAt, generation, attempts]) => ({ tenant, queue, key, dueAt, generation, attempts, lease }))
  }
}

const COLUMNS = ['tenant', 'queue', 'key', 'due_at', 'generation', 'attempts']
/** What changes whenever anybody else has had a timer. */
const SEEN = ['due_at', 'generation', 'attempts', 'lease']

/**
 * `some`: as many as the limit are all there are. Only when there are more, `walk` goes from lane to lane with something
 * due, and from tenant to tenant in it, until it has found as many as the limit: a step in an index each, whatever a
 * tenant's backlog. Of each tenant the oldest are then locked: `share`, and `more` where a share of each is not enough.
 *
 * `most`, the limit or more, stands in the text, and the limit itself behind a subselect. Of a limit that is a parameter
 * the planner thinks that it lets a tenth of all through: it then reads the whole table to write fifty rows of it, or, as it
 * sees the value of the parameter, plans each claim anew, which costs as much as the claim.
 */
function claimShape(catalog: Catalog, queues: number, most: number): Shape<ClaimRequest> {
  const { asText, build, cast, rows, skipLocked } = catalog.dialect
  const timer = sql.table(catalog.named(timerTable.name))
  const [waiting, leased] = [sql.raw(WAITING), sql.raw(LEASED)]
  const names = skipLocked ? COLUMNS : [...COLUMNS, 'lease']
  const columns = sql.join(names.map((column) => sql.ref(column)))
  const locked = skipLocked ? sql`for update skip locked` : sql``
  // without locks a timer is taken only as it was seen: whoever comes second takes nothing
  const asSeen = skipLocked
    ? sql`true`
    : sql.join(
        SEEN.map((column) => sql`${sql.ref(`t.${column}`)} is not distinct from ${sql.ref(`r.${column}`)}`),
        sql` and `,
      )
  const now = () => cast('instant', parameter<ClaimRequest>(int((request) => request.now)))
  const limit = () => sql`(select ${limitedTo<ClaimRequest>(catalog, (request) => request.limit)})`
  const atMost = (query: RawBuilder<unknown>, rows = most) => sql`select * from (${query}) as "few" limit ${sql.lit(rows)}`
  const last = () => cast('text', parameter<ClaimRequest>(text((request) => request.after ?? '')))
  const start = () => cast('integer', parameter<ClaimRequest>(int((request) => laneOf(request.after ?? ''))))
  const each = (part: (queue: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    Array.from({ length: queues }, (_, i) => part(cast('text', parameter<ClaimRequest>(text((request) => request.queues[i]!)))))
  const all = (parts: readonly RawBuilder<unknown>[]) =>
    sql.join(
      parts.map((part) => sql`select * from (${part}) as "part"`),
      sql` union all `,
    )
  const any = (parts: readonly RawBuilder<unknown>[]) => sql.join(parts, sql` or `)
  const due = (queue: RawBuilder<unknown>) => sql`"queue" = ${queue} and ${waiting} and "due_at" <= ${now()}`
  const lanes = sql.lit(LANES)

  const lapsed = each(
    (queue) => sql`select "lane", ${columns} from ${timer} where "queue" = ${queue} and ${leased}
    and "lease_until" <= ${now()} ${locked}`,
  )
  const some = each((queue) => atMost(sql`select "lane", "tenant" from ${timer} where ${due(queue)} limit ${limit()} + 1`, most + 1))
  // one row from where an index is entered, and never a join: without statistics the planner takes every set here for a
  // row or two, and only an order that one index has keeps it from walking a backlog
  const next = (behind: RawBuilder<unknown>) => sql`(select case when "lane" = "v"."lane" then "tenant" end from ${timer}
    where ${waiting} and ("lane", "tenant") > ("v"."lane", ${behind}) order by "lane", "tenant" limit 1)`
  const laneHas = (queue: RawBuilder<unknown>) => sql`(select "lane" = "v"."lane" and "queue" = ${queue} and "due_at" <= ${now()}
    from ${timer} where ${waiting} and ("lane", "queue") >= ("v"."lane", ${queue}) order by "lane", "queue", "due_at" limit 1)`
  const tenantHas = (queue: RawBuilder<unknown>) => sql`(select true from ${timer} where "lane" = "v"."lane"
    and "tenant" = "step"."tenant" and ${due(queue)} order by "due_at", "key" limit 1)`
  const walk = sql`with recursive "step" ("tenant") as (
      select ${next(sql`case when "v"."n" = 0 then ${last()} else '' end`)}
      union all select ${next(sql`"step"."tenant"`)} from "step" where "step"."tenant" is not null)
    select "tenant" from "step" where "tenant" is not null and ("v"."n" < ${lanes} or "tenant" <= ${last()}) and (${any(each(tenantHas))})`
  // from one lane that is not empty to the next: where few tenants have timers, few lanes are looked at
  const nextLane = (behind: RawBuilder<unknown>) => sql`(select "lane" from ${timer} where ${waiting} and "lane" > ${behind}
    order by "lane", "queue", "due_at" limit 1)`
  const visits = sql`with recursive "filled" ("lane") as (
      select ${nextLane(sql.lit(-1))} where (select count(*) from "known") > ${limit()}
      union all select ${nextLane(sql`"filled"."lane"`)} from "filled" where "filled"."lane" is not null)
    select ("lane" - ${start()} + ${lanes}) % ${lanes} as "n", "lane" from "filled" where "lane" is not null
    union all select ${lanes}, "lane" from "filled" where "lane" = ${start()}`
  const dueLanes = sql`select * from (${visits}) as "v" where ${any(each(laneHas))} order by "n"`
  const turn = sql`case when "lane" = ${start()} and "tenant" <= ${last()} then ${lanes}
    else ("lane" - ${start()} + ${lanes}) % ${lanes} end`
  const oldest = (share: RawBuilder<unknown>, enough: RawBuilder<unknown>) =>
    sql`select "r".* from "turn" as "t" cross join lateral (${all(
      each((queue) =>
        atMost(sql`select "t"."turn", ${columns} from ${timer} where "lane" = "t"."lane" and "tenant" = "t"."tenant"
          and ${due(queue)} order by "due_at", "key" limit ${share} ${locked}`),
      ),
    )}) as "r" where not ${enough}`
  const tenants = sql`(select count(*) from "turn")`
  // a fair share of each; only when that does not fill the claim as many as could have a turn, as every other gives at least one
  const fair = sql`(select (${limit()} + count(*) - 1) / greatest(1, count(*)) from "turn")`
  const share = oldest(fair, sql`false`)
  // several queues of a tenant may give more than its share, which says nothing of what stands behind
  const filled = sql`(select coalesce(sum(least("n", ${fair})), 0) from (select count(*) as "n" from "share" group by "tenant") as "each")`
  const more = oldest(sql`${limit()} + 1 - ${tenants}`, sql`(${filled} >= ${limit()} or ${tenants} <= 1)`)
  const lease = cast('text', parameter<ClaimRequest>(text((request) => request.lease)))
  const until = cast('instant', parameter<ClaimRequest>(int((request) => request.now + request.leaseMs)))

  const query = sql`with "lapsed" as materialized (${all(lapsed)}),
    "known" as materialized (select "lane", "tenant" from "lapsed" union all ${all(some)}),
    "walk" as materialized (${atMost(
      sql`select "v"."lane", "of"."tenant" from (${dueLanes}) as "v" cross join lateral (${walk}) as "of" limit ${limit()}`,
    )}),
    "tenants" as (select "lane", "tenant" from "walk" union select "lane", "tenant" from "lapsed"
      union select "lane", "tenant" from "known" where (select count(*) from "known") <= ${limit()}),
    "turn" as materialized (${atMost(
      sql`select "lane", "tenant", ${turn} as "turn" from "tenants" order by "turn", "tenant" limit ${limit()}`,
    )}),
    "share" as materialized (${share}),
    "more" as materialized (${more}),
    "ripe" as materialized (select * from "share" union select * from "more"
      union select "t"."turn", ${sql.join(names.map((column) => sql.ref(`l.${column}`)))} from "turn" as "t"
        join "lapsed" as "l" on "l"."tenant" = "t"."tenant"),
    "dealt" as materialized (${atMost(
      sql`select *, row_number() over (partition by "tenant" order by "due_at", "queue", "key") as "round" from "ripe"
        order by "round", "turn", "tenant" limit ${limit()}`,
    )}),
    "leased" as (update ${timer} as "t" set "lease" = ${lease}, "lease_until" = ${until} from "dealt" as "r"
      where "t"."tenant" = "r"."tenant" and "t"."queue" = "r"."queue" and "t"."key" = "r"."key" and ${asSeen}
      returning "r".*)
    select ${asText(rows(COLUMNS))} from (select * from "leased" order by "round", "turn", "tenant") as "page"`
  return shapeOf(query.compile(build))
}
