import { type ConsumerState, type FedEvent, type FeedPage, type FeedRequest, LANES_A_PAGE, type Steps } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { EVENT_COLUMNS, eventOf } from './events.ts'
import { newsOf, STATE_COLUMNS, stateOf } from './feed.ts'
import { limitedTo } from './fields.ts'
import { ask, type Shape, type Statement, shapeOf } from './statement.ts'
import { eventTable, SEQUENCED } from './work-tables.ts'

type PageRow = [...Parameters<typeof stateOf>[1], position: number, ...unknown[]]

/** A page of the feed in one statement, which is one snapshot: each lane with news gives its share by a walk of the index. */
export function postgresFeed(catalog: Catalog): (request: FeedRequest) => Steps<Statement, FeedPage> {
  const shape = pageShape(catalog)
  return function* (request) {
    const rows = JSON.parse((yield ask(shape, '', request)) as string) as PageRow[]
    const events: FedEvent[] = []
    const states: ConsumerState[] = []
    for (const [lane, at, attempts, retryAt, lastError, position, ...stored] of rows) {
      if (states.at(-1)?.lane !== lane) states.push(stateOf(request.consumer, [lane, at, attempts, retryAt, lastError]))
      events.push({ ...eventOf(stored), lane, position })
    }
    return { events, states }
  }
}

function pageShape(catalog: Catalog): Shape<FeedRequest> {
  const { asText, build, rows } = catalog.dialect
  const event = sql.table(catalog.named(eventTable.name))
  const limit = () => limitedTo<FeedRequest>(catalog, (request) => request.limit)
  const state = sql.join(STATE_COLUMNS.map((column) => sql.ref(`n.${column}`)))
  const columns = sql.join(EVENT_COLUMNS.map((column) => sql.ref(column)))
  const share = sql`(select greatest(1, ${limit()} / greatest(1, least(count(*), ${sql.lit(LANES_A_PAGE)}))) from "news")`
  const page = sql`with "news" as materialized (${newsOf(catalog)})
    select ${state}, "e".* from "news" as "n" cross join lateral (
      select "position", ${columns} from ${event} where "lane" = "n"."lane" and ${sql.raw(SEQUENCED)} and "position" > "n"."at"
      order by "position" limit ${share}) as "e"
    order by "n"."turn", "e"."position" limit ${limit()}`
  return shapeOf(sql`select ${asText(rows([...STATE_COLUMNS, 'position', ...EVENT_COLUMNS]))} from (${page}) as "page"`.compile(build))
}
