import type { WallDuration } from '@patronkit/core'
import type { Scalar } from '@patronkit/core/storage'
import type { Comparison, Fold, Rule, SequenceStep, Window } from './model.ts'

/** True when every rule holds; `all()` is always true. */
export const all = (...of: readonly Rule[]): Rule => ({ op: 'all', of })
/** True when one rule holds; `any()` is never true. */
export const any = (...of: readonly Rule[]): Rule => ({ op: 'any', of })
/** True when the rule does not hold: the exact complement, missing values and all. */
export const not = (of: Rule): Rule => ({ op: 'not', of })

const folded = (o?: { readonly fold?: boolean }) => (o?.fold ? ({ fold: true } as const) : {})

/** Names a column of the source: `field('spend12m').gte('1000.00')`. Text is compared by code point; `{ fold: true }` asks the declared folded column. */
export const field = (name: string) => ({
  eq: (value: Scalar): Rule => ({ op: 'eq', field: name, value }),
  ne: (value: Scalar): Rule => ({ op: 'ne', field: name, value }),
  lt: (value: number | string): Rule => ({ op: 'lt', field: name, value }),
  lte: (value: number | string): Rule => ({ op: 'lte', field: name, value }),
  gt: (value: number | string): Rule => ({ op: 'gt', field: name, value }),
  gte: (value: number | string): Rule => ({ op: 'gte', field: name, value }),
  in: (values: readonly Scalar[]): Rule => ({ op: 'in', field: name, values }),
  /** From the first on, up to but not with the second. */
  between: (from: number | string, to: number | string): Rule => ({ op: 'between', field: name, from, to }),
  contains: (value: string, o?: { readonly fold?: boolean }): Rule => ({ op: 'contains', field: name, value, ...folded(o) }),
  startsWith: (value: string, o?: { readonly fold?: boolean }): Rule => ({ op: 'startsWith', field: name, value, ...folded(o) }),
  endsWith: (value: string, o?: { readonly fold?: boolean }): Rule => ({ op: 'endsWith', field: name, value, ...folded(o) }),
  /** `*` stands for any text, `?` for one character, `\` makes either plain. */
  like: (value: string, o?: { readonly fold?: boolean }): Rule => ({ op: 'like', field: name, value, ...folded(o) }),
  isMissing: (): Rule => ({ op: 'eq', field: name, value: null }),
  isPresent: (): Rule => ({ op: 'ne', field: name, value: null }),
  within: (window: Window): Rule => ({ op: 'within', field: name, window }),
  withinLast: (last: WallDuration): Rule => ({ op: 'within', field: name, window: { last } }),
  withinNext: (next: WallDuration): Rule => ({ op: 'within', field: name, window: { next } }),
  /** Has had this value for at least so long, by the column that says since when. */
  hasBeen: (value: Scalar, forAtLeast: WallDuration): Rule => ({ op: 'hasBeen', field: name, value, for: forAtLeast }),
  /** In this region of the column's tree or below it. */
  under: (region: string): Rule => ({ op: 'under', field: name, region }),
})

/** `within: { days: 90 }` for short. */
type Within = Window | WallDuration
const windowOf = (within: Within | undefined): { readonly within?: Window } => {
  if (within === undefined) return {}
  const isLength = Object.keys(within).some((key) => ['days', 'hours', 'minutes', 'seconds'].includes(key))
  return { within: isLength ? { last: within as WallDuration } : (within as Window) }
}
const whereOf = (where: Rule | undefined) => (where === undefined ? {} : { where })

interface Times {
  readonly where?: Rule
  readonly within?: Within
  readonly atLeast?: number
  readonly atMost?: number
}

/** Did it, once at least unless said otherwise. */
export const did = (event: string, o: Times = {}): Rule => ({
  op: 'did',
  event,
  ...whereOf(o.where),
  ...windowOf(o.within),
  ...(o.atLeast === undefined ? {} : { atLeast: o.atLeast }),
  ...(o.atMost === undefined ? {} : { atMost: o.atMost }),
})

/** Did it not, not once in the window. */
export const didNot = (event: string, o: Omit<Times, 'atLeast' | 'atMost'> = {}): Rule => not(did(event, o))

/** Folds a property of events: `total('order', { fold: 'sum', of: 'amount', is: 'gte', value: '500.00', within: { days: 365 } })`. */
export const total = (
  event: string,
  o: {
    readonly fold: Fold
    readonly of: string
    readonly is: Comparison
    readonly value: number | string
    readonly where?: Rule
    readonly within?: Within
  },
): Rule => ({ op: 'total', event, ...whereOf(o.where), ...windowOf(o.within), fold: o.fold, of: o.of, is: o.is, value: o.value })

/** Did it for the first time ever within the window. */
export const firstDid = (event: string, o: { readonly where?: Rule; readonly within: Within }): Rule => ({
  op: 'first',
  event,
  ...whereOf(o.where),
  within: windowOf(o.within).within!,
})

/** Did it in `atLeast` of the last `periods` stretches of length `every`, `times` in each. */
export const didRegularly = (
  event: string,
  o: { readonly every: WallDuration; readonly periods: number; readonly atLeast: number; readonly times?: number; readonly where?: Rule },
): Rule => ({
  op: 'regularly',
  event,
  ...whereOf(o.where),
  every: o.every,
  periods: o.periods,
  atLeast: o.atLeast,
  ...(o.times === undefined ? {} : { times: o.times }),
})

/** Did it in the `active` stretch before the last `quiet` one, and not since. */
export const stoppedDoing = (
  event: string,
  o: { readonly active: WallDuration; readonly quiet: WallDuration; readonly where?: Rule },
): Rule => ({
  op: 'stopped',
  event,
  ...whereOf(o.where),
  active: o.active,
  quiet: o.quiet,
})

/** Did it in the last `active` stretch, not in the `quiet` one before it, and some time before that. */
export const resumedDoing = (
  event: string,
  o: { readonly active: WallDuration; readonly quiet: WallDuration; readonly where?: Rule },
): Rule => ({
  op: 'resumed',
  event,
  ...whereOf(o.where),
  active: o.active,
  quiet: o.quiet,
})

/** Did these one after the other, all within the window. */
export const sequence = (steps: readonly SequenceStep[], o: { readonly within?: Within } = {}): Rule => ({
  op: 'sequence',
  steps,
  ...windowOf(o.within),
})

/** Some, all or none of the related rows, or of the customers related. All of none is true. */
export const related = (relation: string) => ({
  any: (where: Rule = all()): Rule => ({ op: 'related', relation, how: 'any', where }),
  all: (where: Rule): Rule => ({ op: 'related', relation, how: 'all', where }),
  none: (where: Rule = all()): Rule => ({ op: 'related', relation, how: 'none', where }),
  count: (is: Comparison, value: number, o: { readonly where?: Rule } = {}): Rule => ({
    op: 'relatedTotal',
    relation,
    ...whereOf(o.where),
    fold: 'count',
    is,
    value,
  }),
  total: (o: {
    readonly fold: Fold
    readonly of: string
    readonly is: Comparison
    readonly value: number | string
    readonly where?: Rule
  }): Rule => ({
    op: 'relatedTotal',
    relation,
    ...whereOf(o.where),
    fold: o.fold,
    of: o.of,
    is: o.is,
    value: o.value,
  }),
})

/** Is a member of another segment of the same source. */
export const inSegment = (segment: string): Rule => ({ op: 'segment', segment })
/** Is on a list that the host keeps by hand. */
export const onList = (list: string): Rule => ({ op: 'list', list })
/** Is one of these. */
export const isOneOf = (ids: readonly string[]): Rule => ({ op: 'ids', ids })
/** A share of everybody by a hash of salt and id; `from` moves it, so that [0, 0.5) and [0.5, 1) part all customers in two. */
export const sampled = (o: { readonly share: number; readonly salt: string; readonly from?: number }): Rule => ({ op: 'sample', ...o })
/** The weights of the rules that hold sum to at least `atLeast`; weights are whole numbers. */
export const score = (parts: readonly { readonly weight: number; readonly when: Rule }[], o: { readonly atLeast: number }): Rule => ({
  op: 'score',
  parts,
  atLeast: o.atLeast,
})
/** Within so many kilometres of a point (great circle on a sphere of 6,371.0088 km). */
export const near = (o: {
  readonly latitude: string
  readonly longitude: string
  readonly to: readonly [number, number]
  readonly km: number
}): Rule => ({
  op: 'near',
  ...o,
})
/** Within a box, edges included; one that crosses 180° has its west east of its east. */
export const inBox = (o: {
  readonly latitude: string
  readonly longitude: string
  readonly south: number
  readonly west: number
  readonly north: number
  readonly east: number
}): Rule => ({ op: 'inBox', ...o })
