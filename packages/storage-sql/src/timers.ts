import { laneOf, type TimerLease, type TimerWrite } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { bound, type Fields, int, matching, tenantPick, text } from './fields.ts'
import { HIT } from './rows.ts'
import { type Shape, shapeOf } from './statement.ts'
import { timerTable } from './work-tables.ts'

type Failed = Extract<TimerWrite, { timer: 'failed' }>
type Set = Extract<TimerWrite, { timer: 'set' }>
type Named = { readonly queue: string; readonly key: string }

/** The statements on one timer. */
export interface TimerShapes {
  /** Answers only while the lease holds. */
  readonly holds: Shape<TimerLease>
  readonly set: Shape<Set>
  readonly remove: Shape<Named>
  readonly failed: Shape<Failed>
}

const one = <S extends Named>(): Fields<S> => ({ tenant: tenantPick, queue: text((timer) => timer.queue), key: text((timer) => timer.key) })

/** Compiles the statements on one timer. */
export function timerShapes(catalog: Catalog): TimerShapes {
  const { build } = catalog.dialect
  const name = catalog.named(timerTable.name)
  const nothing = sql`null`
  const fresh = { lease: nothing, lease_until: nothing, last_error: nothing, attempts: sql`0`, parked: sql`false` }
  const set: Fields<Set> = { ...one<Set>(), lane: (tenant) => String(laneOf(tenant)), due_at: int((timer) => timer.dueAt) }
  const lease: Fields<TimerLease> = {
    ...one<TimerLease>(),
    generation: int((fired) => fired.generation),
    lease: text((fired) => fired.lease),
  }
  const failed: Fields<Failed> = {
    due_at: int((timer) => timer.dueAt),
    last_error: text((timer) => timer.error),
    parked: (_, timer) => (timer.parked ? '1' : '0'),
  }
  return {
    holds: shapeOf(
      build
        .selectFrom(name)
        .where(matching(catalog, timerTable, lease))
        .select(HIT)
        .compile(),
    ),
    set: shapeOf(
      build
        .insertInto(name)
        .values({ ...bound(catalog, timerTable, set), ...fresh, generation: sql`1` })
        .onConflict((conflict) =>
          conflict
            .columns([...timerTable.key])
            .doUpdateSet({ ...fresh, due_at: sql.ref('excluded.due_at'), generation: sql`${sql.ref(`${name}.generation`)} + 1` }),
        )
        .compile(),
    ),
    remove: shapeOf(
      build
        .deleteFrom(name)
        .where(matching(catalog, timerTable, one<Named>()))
        .compile(),
    ),
    failed: shapeOf(
      build
        .updateTable(name)
        .set({ ...bound(catalog, timerTable, failed), lease: nothing, lease_until: nothing, attempts: sql`${sql.ref('attempts')} + 1` })
        .where(matching(catalog, timerTable, one<Failed>()))
        .compile(),
    ),
  }
}
