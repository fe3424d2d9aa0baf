import { LANES, type Steps } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { int, limitedTo } from './fields.ts'
import { ask, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { eventTable, laneTable, UNSEQUENCED } from './work-tables.ts'

/** How many events get their position in one transaction, so that a long backlog does not hold the write lock for long. */
const BATCH = 5_000

/** The statements that give events their place in the feed. */
export interface SequencerShapes {
  /** Answers only when an event waits for its position: one look into an index that is empty otherwise. */
  readonly waiting: Shape<null>
  /** Lanes in which events wait. */
  readonly lanes: Shape<null>
  /** Moves the last position of a lane on by the number of events that are placed. */
  readonly reserve: Shape<Share>
  readonly place: Shape<Share>
}

/** What one lane is given of a batch. */
interface Share {
  readonly lane: number
  readonly most: number
}

/** Compiles the sequencer. */
export function sequencerShapes(catalog: Catalog): SequencerShapes {
  const { build, cast } = catalog.dialect
  const event = sql.table(catalog.named(eventTable.name))
  const lane = sql.table(catalog.named(laneTable.name))
  const unsequenced = sql.raw(UNSEQUENCED)
  // Kysely has no `update … from` over a window, so these are written out; they name work tables only
  const which = cast('integer', parameter<Share>(int((share) => share.lane)))
  const batch = sql`(select "recorded_at", "tenant", "kind", "subject", "seq" from ${event} where "lane" = ${which} and ${unsequenced}
    order by "recorded_at", "tenant", "kind", "subject", "seq" limit ${limitedTo<Share>(catalog, (share) => share.most)})`
  const lanes = sql`with recursive "all" ("lane") as (select 0 union all select "lane" + 1 from "all" where "lane" < ${sql.lit(LANES - 1)})
    select json_group_array("lane") from "all"
    where exists (select 1 from ${event} where "lane" = "all"."lane" and ${unsequenced})`
  const reserve = sql`insert into ${lane} as "l" ("lane", "last_position") select ${which}, count(*) from ${batch} as "w" where true
    on conflict ("lane") do update set "last_position" = "l"."last_position" + "excluded"."last_position"`
  const place = sql`update ${event} as "e" set "position" = "n"."position" from (
    select "w"."tenant", "w"."kind", "w"."subject", "w"."seq",
      (select "last_position" from ${lane} where "lane" = ${which}) - count(*) over () + row_number() over (
        order by "w"."recorded_at", "w"."tenant", "w"."kind", "w"."subject", "w"."seq") as "position"
    from ${batch} as "w"
  ) as "n" where "e"."tenant" = "n"."tenant" and "e"."kind" = "n"."kind" and "e"."subject" = "n"."subject" and "e"."seq" = "n"."seq"`
  return {
    waiting: shapeOf(sql`select '1' from ${event} where ${unsequenced} limit 1`.compile(build)),
    lanes: shapeOf(lanes.compile(build)),
    reserve: shapeOf(reserve.compile(build)),
    place: shapeOf(place.compile(build)),
  }
}

/** Whether an event waits for its position. */
export function* eventsWait(shapes: SequencerShapes): Steps<Statement, boolean> {
  return (yield ask(shapes.waiting, '', null)) !== null
}

/** Gives positions, to each lane its share of the batch; runs inside a transaction that writes. */
export function* sequence(shapes: SequencerShapes): Steps<Statement, void> {
  const lanes = JSON.parse((yield ask(shapes.lanes, '', null)) as string) as number[]
  const most = Math.ceil(BATCH / Math.max(1, lanes.length))
  for (const lane of lanes) {
    yield ask(shapes.reserve, '', { lane, most })
    yield ask(shapes.place, '', { lane, most })
  }
}
