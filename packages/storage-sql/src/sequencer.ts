import type { Steps } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { ask, type Shape, type Statement, shapeOf } from './statement.ts'
import { eventTable, laneTable, UNSEQUENCED } from './work-tables.ts'

/** How many events get their position in one transaction, so that a long backlog does not hold the write lock for long. */
const BATCH = 5_000

/** The statements that give events their place in the feed. */
export interface SequencerShapes {
  /** Answers only when an event waits for its position: one look into an index that is empty otherwise. */
  readonly waiting: Shape<null>
  /** Moves the last position of each lane on by the number of events that wait in it. */
  readonly reserve: Shape<null>
  readonly place: Shape<null>
}

/** Compiles the sequencer. */
export function sequencerShapes(catalog: Catalog): SequencerShapes {
  const { build } = catalog.dialect
  const event = sql.table(catalog.named(eventTable.name))
  const lane = sql.table(catalog.named(laneTable.name))
  const unsequenced = sql.raw(UNSEQUENCED)
  // Kysely has no `update … from` over a window, so these are written out; they name work tables only
  const batch = sql`(select "lane", "recorded_at", "tenant", "kind", "subject", "seq" from ${event} where ${unsequenced}
    order by "lane", "recorded_at", "tenant", "kind", "subject", "seq" limit ${sql.lit(BATCH)})`
  const reserve = sql`insert into ${lane} as "l" ("lane", "last_position")
    select "lane", count(*) from ${batch} as "w" where true group by "lane"
    on conflict ("lane") do update set "last_position" = "l"."last_position" + "excluded"."last_position"`
  const place = sql`update ${event} as "e" set "position" = "n"."position" from (
    select "w"."tenant", "w"."kind", "w"."subject", "w"."seq",
      "l"."last_position" - count(*) over (partition by "w"."lane") + row_number() over (
        partition by "w"."lane" order by "w"."recorded_at", "w"."tenant", "w"."kind", "w"."subject", "w"."seq") as "position"
    from ${batch} as "w" join ${lane} as "l" on "l"."lane" = "w"."lane"
  ) as "n" where "e"."tenant" = "n"."tenant" and "e"."kind" = "n"."kind" and "e"."subject" = "n"."subject" and "e"."seq" = "n"."seq"`
  return {
    waiting: shapeOf(sql`select '1' from ${event} where ${unsequenced} limit 1`.compile(build)),
    reserve: shapeOf(reserve.compile(build)),
    place: shapeOf(place.compile(build)),
  }
}

/** Whether an event waits for its position. */
export function* eventsWait(shapes: SequencerShapes): Steps<Statement, boolean> {
  return (yield ask(shapes.waiting, '', null)) !== null
}

/** Gives positions; runs inside a transaction that writes. */
export function* sequence(shapes: SequencerShapes): Steps<Statement, void> {
  yield ask(shapes.reserve, '', null)
  yield ask(shapes.place, '', null)
}
