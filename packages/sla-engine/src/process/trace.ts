import type { Instant } from '@patronkit/core'
import { compareText, toMs, valueAt } from '@patronkit/core/service'
import type { Fact } from '../model.ts'

/** Something that was done to an item, when, and by whom where that is known. */
export interface Activity {
  readonly type: string
  readonly at: number
  readonly by: string | null
}

/** What was done to one item, in order. */
export interface Trace {
  readonly item: string
  readonly activities: readonly Activity[]
}

/**
 * The facts of an item as a trace, {@link inOrder}. `by` is the path in a fact of
 * who or which team did it, such as `data.resource` or `attributes.team`; `leaveOut` names types that are no activity.
 */
export function traceOf(i: {
  readonly item: string
  readonly facts: readonly (Pick<Fact, 'type' | 'attributes' | 'data'> & { readonly at: Instant })[]
  readonly by?: string
  readonly leaveOut?: readonly string[]
}): Trace {
  const activities = i.facts
    .filter(({ type }) => !i.leaveOut?.includes(type))
    .map((fact) => ({ type: fact.type, at: toMs(fact.at), by: i.by === undefined ? null : nameOf(valueAt(fact, i.by)) }))
  return { item: i.item, activities: inOrder(activities) }
}

/**
 * Activities in the order in which they happened. Those of one instant stand by their names, so that the order in which they were
 * told does not matter.
 */
export const inOrder = (activities: readonly Activity[]): readonly Activity[] =>
  [...activities].sort((a, b) => a.at - b.at || compareText(a.type, b.type) || compareText(a.by ?? '', b.by ?? ''))

const nameOf = (value: unknown): string | null => (value === undefined || value === null || value === '' ? null : String(value))
