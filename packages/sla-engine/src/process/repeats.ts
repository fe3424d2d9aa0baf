import type { Activity } from './trace.ts'

/** How often an activity came again in one item: straight after itself, or after something else. */
export interface Repeats {
  readonly straight: number
  readonly later: number
}

/** What was done more than once, by activity. */
export function repeatsOf(activities: readonly Activity[]): ReadonlyMap<string, Repeats> {
  const seen = new Set<string>()
  const found = new Map<string, { straight: number; later: number }>()
  for (const [n, { type }] of activities.entries()) {
    if (seen.has(type)) {
      const repeats = found.get(type) ?? { straight: 0, later: 0 }
      repeats[activities[n - 1]!.type === type ? 'straight' : 'later']++
      found.set(type, repeats)
    }
    seen.add(type)
  }
  return found
}

/** The item goes from one to another; activities that nobody is known to have done lie in between unseen. */
export interface HandOver {
  readonly from: string
  readonly to: string
  readonly at: number
  /** It goes to the one who had it before. */
  readonly back: boolean
  /** How long the one who gives it away had it. */
  readonly heldMs: number
}

/** Every change of who does it (handover of work, van der Aalst and others, Discovering social networks from event logs, 2005). */
export function handOversOf(activities: readonly Activity[]): readonly HandOver[] {
  const found: HandOver[] = []
  let [holder, since, former]: [string | null, number, string | null] = [null, 0, null]
  for (const { by, at } of activities) {
    if (by === null || by === holder) continue
    if (holder !== null) found.push({ from: holder, to: by, at, back: by === former, heldMs: at - since })
    ;[former, holder, since] = [holder, by, at]
  }
  return found
}

/** An activity that changed nothing, for a reason that can be read off the trace. */
export interface Needless {
  /** `again`: the same was done straight before, by the same. `declared`: the host calls it needless. */
  readonly because: 'again' | 'declared'
  readonly type: string
  /** From the activity before it: what would have been saved. */
  readonly waitedFrom: number
  readonly at: number
}

/** Steps that could be left out. A step is counted once, for the first reason that holds. */
export function needlessIn(activities: readonly Activity[], declared: ReadonlySet<string>): readonly Needless[] {
  return activities.flatMap((activity, n): Needless[] => {
    const { type, at, by } = activity
    const before = activities[n - 1]
    const because = declared.has(type) ? 'declared' : before?.type === type && before.by === by ? 'again' : null
    return because === null ? [] : [{ because, type, waitedFrom: before?.at ?? at, at }]
  })
}
