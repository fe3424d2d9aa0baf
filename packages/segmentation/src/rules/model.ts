import type { WallDuration } from '@patronkit/core'
import type { Scalar } from '@patronkit/core/storage'

/** A stretch of local time. */
export type Grain = 'day' | 'week' | 'month' | 'quarter' | 'year'

/**
 * A stretch of time, always half-open, so that neighbours never share an instant:
 * - `last` (and `until`): later than now − last, up to and with now − until. What happened at t is within the last 90 days from t on
 *   and leaves 90 days after t to the millisecond.
 * - `next`: later than now, up to and with now + next; for dates that lie ahead.
 * - `from`, `to`: instants as ISO texts, the first included, the last not.
 * - `calendar`: the local day, week (from Monday), month, quarter or year that holds now, or the one `back` before it.
 */
export type Window =
  | { readonly last: WallDuration; readonly until?: WallDuration }
  | { readonly next: WallDuration }
  | { readonly from?: string; readonly to?: string }
  | { readonly calendar: Grain; readonly back?: number; readonly zone: string }

export type Order = 'lt' | 'lte' | 'gt' | 'gte'
export type Comparison = Order | 'eq' | 'ne'
export type Fold = 'sum' | 'average' | 'min' | 'max' | 'distinct'

/** Which events are meant: a type, and what their own properties have to be. */
export interface Events {
  readonly event: string
  readonly where?: Rule
}

/** A step of a sequence; it comes later than the step before, by `after` at least and `within` at most. */
export interface SequenceStep extends Events {
  readonly after?: WallDuration
  readonly within?: WallDuration
}

/**
 * Who belongs to a segment, as plain JSON. A condition of core is a rule as it is. Logic is two-valued: whatever looks at a missing
 * value is false, and `not` is the exact complement of what it holds.
 */
export type Rule =
  | { readonly op: 'all' | 'any'; readonly of: readonly Rule[] }
  | { readonly op: 'not'; readonly of: Rule }
  | { readonly op: Comparison; readonly field: string; readonly value: Scalar }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly Scalar[] }
  | { readonly op: 'between'; readonly field: string; readonly from: number | string; readonly to: number | string }
  | { readonly op: 'contains' | 'startsWith' | 'endsWith' | 'like'; readonly field: string; readonly value: string; readonly fold?: true }
  | { readonly op: 'within'; readonly field: string; readonly window: Window }
  | { readonly op: 'hasBeen'; readonly field: string; readonly value: Scalar; readonly for: WallDuration }
  | { readonly op: 'under'; readonly field: string; readonly region: string }
  | {
      readonly op: 'near'
      readonly latitude: string
      readonly longitude: string
      readonly to: readonly [number, number]
      readonly km: number
    }
  | {
      readonly op: 'inBox'
      readonly latitude: string
      readonly longitude: string
      readonly south: number
      readonly west: number
      readonly north: number
      readonly east: number
    }
  | {
      readonly op: 'score'
      readonly parts: readonly { readonly weight: number; readonly when: Rule }[]
      readonly atLeast: number
    }
  | { readonly op: 'segment'; readonly segment: string }
  | { readonly op: 'list'; readonly list: string }
  | { readonly op: 'ids'; readonly ids: readonly string[] }
  | { readonly op: 'sample'; readonly share: number; readonly salt: string; readonly from?: number }
  | ({ readonly op: 'did'; readonly within?: Window; readonly atLeast?: number; readonly atMost?: number } & Events)
  | ({
      readonly op: 'total'
      readonly within?: Window
      readonly fold: Fold
      readonly of: string
      readonly is: Comparison
      readonly value: number | string
    } & Events)
  | ({ readonly op: 'first'; readonly within: Window } & Events)
  | ({
      readonly op: 'regularly'
      readonly every: WallDuration
      readonly periods: number
      readonly atLeast: number
      readonly times?: number
    } & Events)
  | ({ readonly op: 'stopped' | 'resumed'; readonly quiet: WallDuration; readonly active: WallDuration } & Events)
  | { readonly op: 'sequence'; readonly steps: readonly SequenceStep[]; readonly within?: Window }
  | { readonly op: 'related'; readonly relation: string; readonly how: 'any' | 'all' | 'none'; readonly where: Rule }
  | {
      readonly op: 'relatedTotal'
      readonly relation: string
      readonly where?: Rule
      readonly fold: Fold | 'count'
      readonly of?: string
      readonly is: Comparison
      readonly value: number | string
    }

export type Op = Rule['op']
export type RuleOf<O extends Op> = Extract<Rule, { readonly op: O }>
