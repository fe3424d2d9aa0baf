import type { Claimed, ClaimRequest, Steps } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { bound, type Fields, int, limitedTo, matching, tenantPick, text } from './fields.ts'
import { ask, kept, type Pick, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { textParameter } from './values.ts'
import { LEASED, timerTable, WAITING } from './work-tables.ts'

type Lease = Claimed & { readonly until: number }

/** The statements of the timer queues. Shapes differ by the number of queues only. */
export interface ClaimShapes {
  readonly ripe: (queues: number) => Shape<ClaimRequest>
  readonly lease: Shape<Lease>
  readonly next: (queues: number) => Shape<readonly string[]>
}

/** Compiles the statements of the timer queues at their first use. */
export function claimShapes(catalog: Catalog): ClaimShapes {
  const ripe = new Map<number, Shape<ClaimRequest>>()
  const next = new Map<number, Shape<readonly string[]>>()
  return {
    ripe: (queues) => kept(ripe, queues, () => ripeShape(catalog, queues)),
    next: (queues) => kept(next, queues, () => nextShape(catalog, queues)),
    lease: leaseShape(catalog),
  }
}

const COLUMNS = ['tenant', 'queue', 'key', 'due_at', 'generation', 'attempts'] as const

/** Oldest first over all tenants. Each queue gives at most `limit`, in index order, so a long queue costs no more than a short one. */
function ripeShape(catalog: Catalog, queues: number): Shape<ClaimRequest> {
  const { asText, build, cast, rows } = catalog.dialect
  const param = (pick: Pick<ClaimRequest>) => parameter(pick)
  const now = () => cast('instant', param(int((request) => request.now)))
  const limit = () => limitedTo<ClaimRequest>(catalog, (request) => request.limit)
  const state = (i: number, where: string, ripeAt: string, ties: readonly string[]) => {
    let query = build
      .selectFrom(catalog.named(timerTable.name))
      .where(sql.ref('queue'), '=', param(text((request) => request.queues[i]!)))
      .where(sql<boolean>`${sql.raw(where)} and ${sql.ref(ripeAt)} <= ${now()}`)
      .select(COLUMNS.map((column) => sql.ref(column).as(column)))
    for (const column of ties) query = query.orderBy(sql.ref(column))
    return build.selectFrom(query.limit(limit()).as('some')).selectAll()
  }
  const sets = Array.from({ length: queues }, (_, i) => [
    state(i, WAITING, 'due_at', ['due_at', 'tenant', 'key']),
    state(i, LEASED, 'lease_until', ['due_at', 'tenant', 'key']),
  ]).flat()
  let page = build.selectFrom(sets.reduce((all, set) => all.unionAll(set)).as('ripe')).selectAll()
  for (const column of ['due_at', 'tenant', 'queue', 'key']) page = page.orderBy(sql.ref(column))
  return shapeOf(
    build
      .selectFrom(page.limit(limit()).as('page'))
      .select(asText(rows(COLUMNS)).as('ripe'))
      .compile(),
  )
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

/** Timers that could be leased now. Runs alone to find out whether a claim has anything to write. */
export function* ripeTimers(shapes: ClaimShapes, request: ClaimRequest): Steps<Statement, readonly Claimed[]> {
  if (request.queues.length === 0) return []
  const answer = (yield ask(shapes.ripe(request.queues.length), '', request)) as string
  return (JSON.parse(answer) as [string, string, string, number, number, number][]).map(
    ([tenant, queue, key, dueAt, generation, attempts]) => ({ tenant, queue, key, dueAt, generation, attempts, lease: request.lease }),
  )
}

/** Leases what is ripe; runs inside a transaction that writes, which is what keeps two claims apart. */
export function* leaseRipe(shapes: ClaimShapes, request: ClaimRequest): Steps<Statement, readonly Claimed[]> {
  const claimed = yield* ripeTimers(shapes, request)
  const until = request.now + request.leaseMs
  for (const timer of claimed) yield ask(shapes.lease, timer.tenant, { ...timer, until })
  return claimed
}

/** When there is next something to claim. */
export function* nextDue(shapes: ClaimShapes, queues: readonly string[]): Steps<Statement, number | null> {
  if (queues.length === 0) return null
  const firsts = JSON.parse((yield ask(shapes.next(queues.length), '', queues)) as string) as (number | null)[]
  const instants = firsts.filter((at) => at !== null)
  return instants.length === 0 ? null : Math.min(...instants)
}
