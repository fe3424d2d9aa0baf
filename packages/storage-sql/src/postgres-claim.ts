import type { Claimed, ClaimRequest, Steps } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { int, limitedTo, text } from './fields.ts'
import { ask, kept, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { LEASED, timerTable, WAITING } from './work-tables.ts'

/**
 * Claims in one statement. Rows that another claim holds are passed over, so workers never wait for one another; where the
 * server cannot do that, whoever comes second finds its rows changed and leaves them.
 */
export function postgresClaim(catalog: Catalog): (request: ClaimRequest) => Steps<Statement, readonly Claimed[]> {
  const shapes = new Map<number, Shape<ClaimRequest>>()
  return function* (request) {
    const queues = request.queues.length
    if (queues === 0) return []
    const shape = kept(shapes, queues, () => claimShape(catalog, queues))
    const claimed = JSON.parse((yield ask(shape, '', request)) as string) as [string, string, string, number, number, number][]
    const { lease } = request
    return claimed.map(([tenant, queue, key, dueAt, generation, attempts]) => ({ tenant, queue, key, dueAt, generation, attempts, lease }))
  }
}

const COLUMNS = ['tenant', 'queue', 'key', 'due_at', 'generation', 'attempts']
/** What changes whenever anybody else has had a timer. */
const SEEN = ['due_at', 'generation', 'attempts', 'lease']

function claimShape(catalog: Catalog, queues: number): Shape<ClaimRequest> {
  const { asText, build, cast, rows, skipLocked } = catalog.dialect
  const timer = sql.table(catalog.named(timerTable.name))
  const columns = sql.join([...COLUMNS, ...(skipLocked ? [] : ['lease'])].map((column) => sql.ref(column)))
  const locked = skipLocked ? sql`for update skip locked` : sql``
  const asSeen = skipLocked
    ? sql`true`
    : sql.join(
        SEEN.map((column) => sql`${sql.ref(`t.${column}`)} is not distinct from ${sql.ref(`r.${column}`)}`),
        sql` and `,
      )
  const now = () => cast('instant', parameter<ClaimRequest>(int((request) => request.now)))
  const limit = () => limitedTo<ClaimRequest>(catalog, (request) => request.limit)
  const queue = (i: number) => cast('text', parameter<ClaimRequest>(text((request) => request.queues[i]!)))
  const state = (i: number, where: string, ripeAt: string) => sql`select * from (select ${columns} from ${timer}
    where "queue" = ${queue(i)} and ${sql.raw(where)} and ${sql.ref(ripeAt)} <= ${now()}
    order by "due_at", "tenant", "key" limit ${limit()} ${locked}) as "some"`
  const states = Array.from({ length: queues }, (_, i) => [state(i, WAITING, 'due_at'), state(i, LEASED, 'lease_until')]).flat()
  const lease = cast('text', parameter<ClaimRequest>(text((request) => request.lease)))
  const until = cast('instant', parameter<ClaimRequest>(int((request) => request.now + request.leaseMs)))
  const query = sql`with "ripe" as materialized (select * from (${sql.join(states, sql` union all `)}) as "all"
      order by "due_at", "tenant", "queue", "key" limit ${limit()}),
    "leased" as (update ${timer} as "t" set "lease" = ${lease}, "lease_until" = ${until} from "ripe" as "r"
      where "t"."tenant" = "r"."tenant" and "t"."queue" = "r"."queue" and "t"."key" = "r"."key" and ${asSeen}
      returning ${sql.join(COLUMNS.map((column) => sql.ref(`r.${column}`)))})
    select ${asText(rows(COLUMNS))} from (select * from "leased" order by "due_at", "tenant", "queue", "key") as "page"`
  return shapeOf(query.compile(build))
}
