import {
  type ConsumerState,
  type FedEvent,
  type FeedPage,
  type FeedRequest,
  LANES,
  lanesBehind,
  type Steps,
  shareOf,
} from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { EVENT_COLUMNS, eventOf } from './events.ts'
import { bound, type Fields, int, limitedTo, matching, maybeText, text } from './fields.ts'
import { HIT } from './rows.ts'
import { ask, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { consumerTable, eventTable, laneTable, SEQUENCED } from './work-tables.ts'

/** The statements of consumers. */
export interface FeedShapes {
  /** The consumer's states in the lanes that have news for it. */
  readonly news: Shape<FeedRequest>
  readonly lane: Shape<OfLane>
  /** Writes a consumer's first state in a lane, or moves one that stands at the start. */
  readonly begin: Shape<Move>
  readonly move: Shape<Move>
}

interface OfLane {
  readonly lane: number
  readonly position: number
  readonly most: number
}

interface Move {
  readonly from: number
  readonly to: ConsumerState
}

/** Compiles the statements of consumers. */
export function feedShapes(catalog: Catalog): FeedShapes {
  const { build } = catalog.dialect
  const name = catalog.named(consumerTable.name)
  const one: Fields<Move> = { consumer: text((move) => move.to.consumer), lane: int((move) => move.to.lane) }
  const state: Fields<Move> = {
    position: int((move) => move.to.position),
    attempts: int((move) => move.to.attempts),
    retry_at: int((move) => move.to.retryAt),
    last_error: maybeText((move) => move.to.lastError),
  }
  const excluded = Object.fromEntries(Object.keys(state).map((column) => [column, sql.ref(`excluded.${column}`)]))
  return {
    news: newsShape(catalog),
    lane: laneShape(catalog),
    begin: shapeOf(
      build
        .insertInto(name)
        .values(bound(catalog, consumerTable, { ...one, ...state }))
        .onConflict((conflict) =>
          conflict
            .columns([...consumerTable.key])
            .doUpdateSet(excluded)
            .where(sql<boolean>`${sql.ref(`${name}.position`)} = 0`),
        )
        .returning(HIT)
        .compile(),
    ),
    move: shapeOf(
      build
        .updateTable(name)
        .set(bound(catalog, consumerTable, state))
        .where(matching(catalog, consumerTable, { ...one, position: int<Move>((move) => move.from) }))
        .returning(HIT)
        .compile(),
    ),
  }
}

/** Lanes with news for the consumer, in turn, and where it stands in each: a walk over those that ever had an event, at most 64. */
export function newsOf(catalog: Catalog): RawBuilder<unknown> {
  const { cast } = catalog.dialect
  const lane = sql.table(catalog.named(laneTable.name))
  const consumer = sql.table(catalog.named(consumerTable.name))
  const who = cast('text', parameter<FeedRequest>(text((request) => request.consumer)))
  const now = cast('instant', parameter<FeedRequest>(int((request) => request.now)))
  const first = cast('integer', parameter<FeedRequest>(int((request) => lanesBehind(0, request.lane ?? 0))))
  return sql`select "l"."lane", coalesce("c"."position", 0) as "at", coalesce("c"."attempts", 0) as "attempts",
      coalesce("c"."retry_at", 0) as "retry_at", "c"."last_error", ("l"."lane" - ${first} + ${sql.lit(LANES)}) % ${sql.lit(LANES)} as "turn"
    from ${lane} as "l" left join ${consumer} as "c" on "c"."consumer" = ${who} and "c"."lane" = "l"."lane"
    where "l"."last_position" > coalesce("c"."position", 0) and coalesce("c"."retry_at", 0) <= ${now}`
}

/** Columns of a consumer's state as `newsOf` names them. */
export const STATE_COLUMNS = ['lane', 'at', 'attempts', 'retry_at', 'last_error'] as const

function newsShape(catalog: Catalog): Shape<FeedRequest> {
  const { asText, build, rows } = catalog.dialect
  const inTurn = sql`select * from (${newsOf(catalog)}) as "n" order by "turn"`
  return shapeOf(sql`select ${asText(rows(STATE_COLUMNS))} from (${inTurn}) as "page"`.compile(build))
}

/** Events of one lane past a position, in index order. */
function laneShape(catalog: Catalog): Shape<OfLane> {
  const { asText, build, cast, rows } = catalog.dialect
  const columns = ['position', ...EVENT_COLUMNS]
  const page = sql`select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(catalog.named(eventTable.name))}
    where "lane" = ${cast('integer', parameter<OfLane>(int((of) => of.lane)))} and ${sql.raw(SEQUENCED)}
      and "position" > ${cast('integer', parameter<OfLane>(int((of) => of.position)))}
    order by "position" limit ${limitedTo<OfLane>(catalog, (of) => of.most)}`
  return shapeOf(sql`select ${asText(rows(columns))} from (${page}) as "page"`.compile(build))
}

type StateRow = [lane: number, at: number, attempts: number, retryAt: number, lastError: string | null]

/** A consumer's state out of what `newsOf` answered. */
export const stateOf = (consumer: string, [lane, position, attempts, retryAt, lastError]: StateRow): ConsumerState => ({
  consumer,
  lane,
  position,
  attempts,
  retryAt,
  lastError,
})

/** A page of events past the consumer's positions, and its states: lane by lane until it is full. */
export function* feedPage(shapes: FeedShapes, request: FeedRequest): Steps<Statement, FeedPage> {
  const news = JSON.parse((yield ask(shapes.news, '', request)) as string) as StateRow[]
  const share = shareOf(request.limit, news.length)
  const events: FedEvent[] = []
  const states: ConsumerState[] = []
  for (const row of news) {
    const most = Math.min(share, request.limit - events.length)
    if (most <= 0) break
    const state = stateOf(request.consumer, row)
    const page = JSON.parse((yield ask(shapes.lane, '', { lane: state.lane, position: state.position, most })) as string) as unknown[][]
    if (page.length === 0) continue
    states.push(state)
    for (const [position, ...stored] of page) events.push({ ...eventOf(stored), lane: state.lane, position: position as number })
  }
  return { events, states }
}

/** Moves a consumer in one lane unless somebody else has. */
export function* advance(shapes: FeedShapes, from: number, to: ConsumerState): Steps<Statement, boolean> {
  return (yield ask(from === 0 ? shapes.begin : shapes.move, '', { from, to })) !== null
}
