import { LANES, type Steps } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { ask, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { eventTable, laneTable, UNSEQUENCED } from './work-tables.ts'

/** How many events get their position in one transaction. */
const BATCH = 5_000

/**
 * Gives positions to events that are committed, lane by lane, each under the lock of its lane's row. What commits later
 * comes later: no position can be given behind one that a consumer has seen, and a transaction that the host keeps open
 * for long holds nobody up. An event's predecessor on its subject was committed before it and is seen with it, because
 * both moved one head.
 */
export function postgresSequencer(catalog: Catalog): () => Steps<Statement, void> {
  const shapes = sequencerShapes(catalog)
  return function* () {
    yield ask(shapes.begin, '', null)
    const lanes = (yield ask(shapes.lock, '', null)) as string
    // a statement of its own: it sees what whoever held the locks before has placed
    yield ask(shapes.place, '', lanes)
  }
}

interface Shapes {
  readonly begin: Shape<null>
  readonly lock: Shape<null>
  readonly place: Shape<string>
}

function sequencerShapes(catalog: Catalog): Shapes {
  const { build } = catalog.dialect
  const event = sql.table(catalog.named(eventTable.name))
  const lane = sql.table(catalog.named(laneTable.name))
  const waits = sql.raw(UNSEQUENCED.replace('"position"', '"e"."position"'))
  const waitsIn = (of: string) => sql`exists (select from ${event} as "e" where "e"."lane" = ${sql.ref(of)} and ${waits})`
  const begin = sql`insert into ${lane} ("lane", "last_position") select "n"."lane", 0
    from generate_series(0, ${sql.lit(LANES - 1)}) as "n" ("lane") where ${waitsIn('n.lane')} on conflict ("lane") do nothing`
  const lock = sql`select coalesce(json_agg("lane"), '[]'::json)::text from (
    select "l"."lane" from ${lane} as "l" where ${waitsIn('l.lane')} order by "l"."lane" for update) as "locked"`
  const locked = sql`(select "value"::int8 as "lane" from json_array_elements_text(${parameter<string>((_, lanes) => lanes)}::text::json))`
  // each lane its share, so that a long backlog in one holds up no other
  const share = parameter<string>((_, lanes) => String(Math.ceil(BATCH / Math.max(1, (JSON.parse(lanes) as unknown[]).length))))
  const place = sql`with "new" as materialized (
      select "w".* from ${locked} as "of" cross join lateral (
        select "e"."lane", "e"."recorded_at", "e"."tenant", "e"."kind", "e"."subject", "e"."seq" from ${event} as "e"
        where ${waits} and "e"."lane" = "of"."lane"
        order by "e"."recorded_at", "e"."tenant", "e"."kind", "e"."subject", "e"."seq" limit ${share}::text::int8) as "w"),
    "given" as (select "w".*, "l"."last_position" + row_number() over (
        partition by "w"."lane" order by "w"."recorded_at", "w"."tenant", "w"."kind", "w"."subject", "w"."seq") as "position"
      from "new" as "w" join ${lane} as "l" on "l"."lane" = "w"."lane"),
    "moved" as (update ${lane} as "l" set "last_position" = "g"."last" from (
        select "lane", max("position") as "last" from "given" group by "lane") as "g" where "l"."lane" = "g"."lane")
    update ${event} as "e" set "position" = "g"."position" from "given" as "g"
    where "e"."tenant" = "g"."tenant" and "e"."kind" = "g"."kind" and "e"."subject" = "g"."subject" and "e"."seq" = "g"."seq"`
  return { begin: shapeOf(begin.compile(build)), lock: shapeOf(lock.compile(build)), place: shapeOf(place.compile(build)) }
}
