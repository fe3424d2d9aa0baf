import { type Claimed, type ClaimRequest, dealt, fills, LANES, laneOf, type Steps, turnsAfter } from '@patronkit/core/storage'
import { type Expression, type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { bound, type Fields, int, limitedTo, matching, tenantPick, text } from './fields.ts'
import { ask, kept, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { textParameter } from './values.ts'
import { LEASED, timerTable, WAITING } from './work-tables.ts'

type Lease = Claimed & { readonly until: number }

/** A stretch of a lane's tenants: behind one name, up to another. */
interface Stretch {
  readonly request: ClaimRequest
  readonly lane: number
  readonly behind: string
  readonly upTo: string | null
  readonly most: number
}

interface OfTenant {
  readonly request: ClaimRequest
  readonly lane: number
  readonly most: number
}

/** The statements of the timer queues. Those of one number of queues are made together. */
export interface ClaimShapes {
  readonly of: (queues: number) => QueueShapes
  readonly lease: Shape<Lease>
  readonly next: (queues: number) => Shape<readonly string[]>
}

interface QueueShapes {
  /** Answers only when something is ripe: two looks into an index for each queue. */
  readonly any: Shape<ClaimRequest>
  /** One timer more than the limit, if there are so many: as many as the limit are all there are. */
  readonly waiting: Shape<ClaimRequest>
  /** Leases that ran out. They are few: what the workers that died had in hand. */
  readonly lapsed: Shape<ClaimRequest>
  /** Lanes with something due. */
  readonly lanes: Shape<ClaimRequest>
  /** Tenants of a lane that have something due. */
  readonly tenants: Shape<Stretch>
  /** The oldest of one tenant. */
  readonly oldest: Shape<OfTenant>
}

/** Compiles the statements of the timer queues at their first use. */
export function claimShapes(catalog: Catalog): ClaimShapes {
  const of = new Map<number, QueueShapes>()
  const next = new Map<number, Shape<readonly string[]>>()
  return {
    of: (queues) => kept(of, queues, () => queueShapes(catalog, queues)),
    next: (queues) => kept(next, queues, () => nextShape(catalog, queues)),
    lease: leaseShape(catalog),
  }
}

const COLUMNS = ['tenant', 'queue', 'key', 'due_at', 'generation', 'attempts'] as const

// Kysely has no recursion over a partial index in mind, so these are written out; they name work tables only
function queueShapes(catalog: Catalog, queues: number): QueueShapes {
  const { asText, build, cast, rows } = catalog.dialect
  const timer = sql.table(catalog.named(timerTable.name))
  const [waiting, leased] = [sql.raw(WAITING), sql.raw(LEASED)]
  const columns = sql.join(COLUMNS.map((column) => sql.ref(column)))
  const shape = <S>(query: RawBuilder<unknown>): Shape<S> => shapeOf(query.compile(build))
  const each = <S>(of: (s: S) => ClaimRequest, part: (queue: RawBuilder<unknown>, now: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    Array.from({ length: queues }, (_, i) =>
      part(cast('text', parameter<S>(text((s) => of(s).queues[i]!))), cast('instant', parameter<S>(int((s) => of(s).now)))),
    )
  const all = (parts: readonly RawBuilder<unknown>[]) =>
    sql.join(
      parts.map((part) => sql`select * from (${part})`),
      sql` union all `,
    )
  const any = (parts: readonly RawBuilder<unknown>[]) =>
    sql.join(
      parts.map((part) => sql`exists (${part})`),
      sql` or `,
    )
  const page = <S>(parts: readonly RawBuilder<unknown>[]) => shape<S>(sql`select ${asText(rows(COLUMNS))} from (${all(parts)}) as "page"`)

  const request = (r: ClaimRequest) => r
  const due = (queue: RawBuilder<unknown>, now: RawBuilder<unknown>) => sql`"queue" = ${queue} and ${waiting} and "due_at" <= ${now}`
  const lapsed = (queue: RawBuilder<unknown>, now: RawBuilder<unknown>) => sql`"queue" = ${queue} and ${leased} and "lease_until" <= ${now}`
  const stretch = (s: Stretch) => s.request
  const lane = cast('integer', parameter<Stretch>(int((s) => s.lane)))
  const next = (behind: RawBuilder<unknown>) =>
    sql`select min("tenant") from ${timer} where "lane" = ${lane} and "tenant" > ${behind} and ${waiting}`
  const upTo = cast(
    'text',
    parameter<Stretch>((_, s) => s.upTo),
  )
  const ofTenant = sql`"tenant" = ${parameter<OfTenant>(tenantPick)} and "lane" = ${cast('integer', parameter<OfTenant>(int((of) => of.lane)))}`
  return {
    any: shape(
      sql`select '1' where ${any([
        ...each(request, (queue, now) => sql`select 1 from ${timer} where ${due(queue, now)}`),
        ...each(request, (queue, now) => sql`select 1 from ${timer} where ${lapsed(queue, now)}`),
      ])}`,
    ),
    waiting: page(
      each(
        request,
        (queue, now) => sql`select ${columns} from ${timer} where ${due(queue, now)}
        limit ${limitedTo<ClaimRequest>(catalog, (r) => r.limit + 1)}`,
      ),
    ),
    lapsed: page(each(request, (queue, now) => sql`select ${columns} from ${timer} where ${lapsed(queue, now)}`)),
    lanes: shape(
      sql`with recursive "all" ("lane") as (select 0 union all select "lane" + 1 from "all" where "lane" < ${sql.lit(LANES - 1)})
        select json_group_array("lane") from "all" where ${any(
          each(request, (queue, now) => sql`select 1 from ${timer} where "lane" = "all"."lane" and ${due(queue, now)}`),
        )}`,
    ),
    tenants: shape(
      sql`with recursive "step" ("tenant") as (
          select (${next(cast('text', parameter<Stretch>(text((s) => s.behind))))})
          union all select (${next(sql`"step"."tenant"`)}) from "step" where "step"."tenant" is not null)
        select json_group_array("tenant") from (select "tenant" from "step"
          where "tenant" is not null and ("tenant" <= ${upTo} or ${upTo} is null) and (${any(
            each(
              stretch,
              (queue, now) => sql`select 1 from ${timer}
              where "lane" = ${lane} and "tenant" = "step"."tenant" and ${due(queue, now)}`,
            ),
          )}) limit ${limitedTo<Stretch>(catalog, (s) => s.most)})`,
    ),
    oldest: page(
      each(
        (of: OfTenant) => of.request,
        (queue, now) => sql`select ${columns} from ${timer} where ${ofTenant} and ${due(queue, now)}
        order by "due_at", "key" limit ${limitedTo<OfTenant>(catalog, (of) => of.most)}`,
      ),
    ),
  }
}

function leaseShape(catalog: Catalog): Shape<Lease> {
  const lease: Fields<Lease> = { lease: text((timer) => timer.lease), lease_until: int((timer) => timer.until) }
  const one: Fields<Lease> = { tenant: tenantPick, queue: text((timer) => timer.queue), key: text((timer) => timer.key) }
  return shapeOf(
    catalog.dialect.build
      .updateTable(catalog.named(timerTable.name))
      .set(bound(catalog, timerTable, lease))
      .where(matching(catalog, timerTable, one))
      .compile(),
  )
}

/** The first due instant of those that wait, or the first end of a lease: two steps into an index for each queue. */
function nextShape(catalog: Catalog, queues: number): Shape<readonly string[]> {
  const { build } = catalog.dialect
  const first = (i: number, where: string, column: string): Expression<unknown> =>
    build
      .selectFrom(catalog.named(timerTable.name))
      .where(
        sql.ref('queue'),
        '=',
        parameter<readonly string[]>((_, names) => textParameter(names[i]!, 'a queue')),
      )
      .where(sql<boolean>`${sql.raw(where)}`)
      .orderBy(sql.ref(column))
      .limit(sql<number>`1`)
      .select(sql.ref(column).as('at'))
  const firsts = Array.from({ length: queues }, (_, i) => [first(i, WAITING, 'due_at'), first(i, LEASED, 'lease_until')]).flat()
  return shapeOf(catalog.dialect.answers(firsts).compile(build))
}

/** Whether a claim has anything to write. Runs alone, so that one that finds nothing takes no lock. */
export function* anyRipe(shapes: ClaimShapes, request: ClaimRequest): Steps<Statement, boolean> {
  const queues = request.queues.length
  return queues > 0 && request.limit > 0 && (yield ask(shapes.of(queues).any, '', request)) !== null
}

/** Leases what is ripe; runs inside a transaction that writes, which is what keeps two claims apart. */
export function* leaseRipe(shapes: ClaimShapes, request: ClaimRequest): Steps<Statement, readonly Claimed[]> {
  const { after = '', limit, lease, now, leaseMs } = request
  const claimed = dealt(yield* ripeTimers(shapes.of(request.queues.length), request), after, limit).map((timer) => ({ ...timer, lease }))
  for (const timer of claimed) yield ask(shapes.lease, timer.tenant, { ...timer, until: now + leaseMs })
  return claimed
}

type Ripe = Omit<Claimed, 'lease'>

/** All that a claim may choose from: everything when it fits, else what it needs of each tenant that is in turn. */
function* ripeTimers(shapes: QueueShapes, request: ClaimRequest): Steps<Statement, readonly Ripe[]> {
  const { limit } = request
  const lapsed = ripeOf(yield ask(shapes.lapsed, '', request))
  const waiting = ripeOf(yield ask(shapes.waiting, '', request))
  if (waiting.length + lapsed.length <= limit) return [...waiting, ...lapsed]
  const tenants = yield* tenantsInTurn(shapes, request, lapsed)
  const due = new Map<string, readonly Ripe[]>()
  // a fair share of each first; every other tenant gives at least one, so nobody is ever asked for more than `utmost`
  const utmost = limit - tenants.length + 1
  for (let [before, most] = [0, Math.ceil(limit / tenants.length)]; ; [before, most] = [most, Math.min(4 * most, utmost)]) {
    for (const tenant of tenants) {
      if ((due.get(tenant)?.length ?? before) < before) continue
      due.set(tenant, ripeOf(yield ask(shapes.oldest, tenant, { request, lane: laneOf(tenant), most })))
    }
    const ripe = [...lapsed.filter((timer) => due.has(timer.tenant)), ...[...due.values()].flat()]
    if (most >= utmost || fills(ripe, most, limit)) return ripe
  }
}

/** The first `limit` tenants in turn that have something ripe. */
function* tenantsInTurn(shapes: QueueShapes, request: ClaimRequest, lapsed: readonly Ripe[]): Steps<Statement, readonly string[]> {
  const { after = '', limit } = request
  const due = new Set(JSON.parse((yield ask(shapes.lanes, '', request)) as string) as number[])
  const found: string[] = []
  for (let turn = 0; turn <= LANES && found.length < limit; turn++) {
    const lane = (laneOf(after) + turn) % LANES
    if (!due.has(lane)) continue
    const stretch = { behind: turn === 0 ? after : '', upTo: turn === LANES ? after : null }
    found.push(
      ...(JSON.parse((yield ask(shapes.tenants, '', { request, lane, ...stretch, most: limit - found.length })) as string) as string[]),
    )
  }
  return [...new Set([...found, ...lapsed.map((timer) => timer.tenant)])].sort(turnsAfter(after)).slice(0, limit)
}

const ripeOf = (answer: unknown): Ripe[] =>
  (JSON.parse(answer as string) as [string, string, string, number, number, number][]).map(
    ([tenant, queue, key, dueAt, generation, attempts]) => ({ tenant, queue, key, dueAt, generation, attempts }),
  )

/** When there is next something to claim. */
export function* nextDue(shapes: ClaimShapes, queues: readonly string[]): Steps<Statement, number | null> {
  if (queues.length === 0) return null
  const firsts = JSON.parse((yield ask(shapes.next(queues.length), '', queues)) as string) as (number | null)[]
  const instants = firsts.filter((at) => at !== null)
  return instants.length === 0 ? null : Math.min(...instants)
}
