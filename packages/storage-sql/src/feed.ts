import type { ConsumerState, FedEvent, FeedPage, FeedRequest, Steps } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { EVENT_COLUMNS, eventOf } from './events.ts'
import { bound, type Fields, int, limitedTo, matching, maybeText, text } from './fields.ts'
import { HIT } from './rows.ts'
import { ask, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { consumerTable, eventTable, laneTable, SEQUENCED } from './work-tables.ts'

/** The statements of consumers. */
export interface FeedShapes {
  readonly page: Shape<FeedRequest>
  /** Writes a consumer's first state in a lane, or moves one that stands at the start. */
  readonly begin: Shape<Move>
  readonly move: Shape<Move>
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
    page: pageShape(catalog),
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

/**
 * Lanes with news for the consumer, then their events in index order. The left join on both keys walks the lanes that
 * ever had an event, at most 64; `cross join` keeps SQLite from turning the order round and sorting the events.
 */
function pageShape(catalog: Catalog): Shape<FeedRequest> {
  const { asText, build, cast, rows } = catalog.dialect
  const event = sql.table(catalog.named(eventTable.name))
  const lane = sql.table(catalog.named(laneTable.name))
  const consumer = sql.table(catalog.named(consumerTable.name))
  const who = parameter<FeedRequest>(text((request) => request.consumer))
  const now = cast('instant', parameter<FeedRequest>(int((request) => request.now)))
  const limit = limitedTo<FeedRequest>(catalog, (request) => request.limit)
  const news = sql`select "l"."lane", coalesce("c"."position", 0) as "at", coalesce("c"."attempts", 0) as "attempts",
      coalesce("c"."retry_at", 0) as "retry_at", "c"."last_error"
    from ${lane} as "l" left join ${consumer} as "c" on "c"."consumer" = ${who} and "c"."lane" = "l"."lane"
    where "l"."last_position" > coalesce("c"."position", 0) and coalesce("c"."retry_at", 0) <= ${now}`
  const columns = EVENT_COLUMNS.map((column) => sql`${sql.ref(`e.${column}`)} as ${sql.ref(column)}`)
  const page = sql`select "n"."lane", "n"."at", "n"."attempts", "n"."retry_at", "n"."last_error", "e"."position", ${sql.join(columns)}
    from (${news}) as "n" cross join ${event} as "e"
    where "e"."lane" = "n"."lane" and ${sql.raw(SEQUENCED.replace('"position"', '"e"."position"'))} and "e"."position" > "n"."at"
    order by "n"."lane", "e"."position" limit ${limit}`
  const answer = asText(rows(['lane', 'at', 'attempts', 'retry_at', 'last_error', 'position', ...EVENT_COLUMNS]))
  return shapeOf(sql`select ${answer} from (${page}) as "page"`.compile(build))
}

type PageRow = [lane: number, at: number, attempts: number, retryAt: number, lastError: string | null, position: number, ...unknown[]]

/** A page of events past the consumer's positions, and its states, from one snapshot. */
export function* feedPage(shapes: FeedShapes, request: FeedRequest): Steps<Statement, FeedPage> {
  const rows = JSON.parse((yield ask(shapes.page, '', request)) as string) as PageRow[]
  const events: FedEvent[] = []
  const states: ConsumerState[] = []
  for (const [lane, position, attempts, retryAt, lastError, place, ...stored] of rows) {
    if (states.at(-1)?.lane !== lane) states.push({ consumer: request.consumer, lane, position, attempts, retryAt, lastError })
    events.push({ ...eventOf(stored), lane, position: place })
  }
  return { events, states }
}

/** Moves a consumer in one lane unless somebody else has. */
export function* advance(shapes: FeedShapes, from: number, to: ConsumerState): Steps<Statement, boolean> {
  return (yield ask(from === 0 ? shapes.begin : shapes.move, '', { from, to })) !== null
}
