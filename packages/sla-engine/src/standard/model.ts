import type { Definition } from '@patronkit/core'
import type { Limit, Policy } from '../policy.ts'

/** What cells are told apart by, in this order. */
export const AXES = ['touchpoint', 'need', 'priority'] as const
export type AxisName = (typeof AXES)[number]

/** An axis: the item's attribute that says it, and the values it may have. */
export interface Axis {
  readonly attribute: string
  readonly values: readonly string[]
}

/** A sentence of the standard as customers read it. */
export interface Sentence {
  readonly id: string
  readonly text: string
}

/** A promise about time, and the sentence that makes it. */
export interface TimePromise {
  /** Default `first-reply` for a response, `resolution` for a resolution. */
  readonly metric?: string
  readonly within: Limit
  readonly warnAt?: readonly { readonly percent: number }[]
  readonly sentence: string
}

/** A promise about quality: a figure that scoring measures, in its own unit, and the sentence that makes it. */
export interface QualityPromise {
  readonly metric: string
  readonly atLeast?: string
  readonly atMost?: string
  readonly sentence: string
}

/** What is promised where an axis has one of these values; an axis that is left out may have any. */
export interface Cell {
  readonly id: string
  readonly touchpoint?: readonly string[]
  readonly need?: readonly string[]
  readonly priority?: readonly string[]
  /** Where the standard's terms do not fit: another calendar, other pauses. */
  readonly terms?: Partial<Terms>
  readonly response?: TimePromise
  readonly resolution?: TimePromise
  readonly quality?: readonly QualityPromise[]
}

/** What every policy of the standard has in common: calendar, pauses, what reopening does … */
export type Terms = Omit<Policy, 'when' | 'order' | 'targets'>

export interface ServiceStandard {
  /** What readers call this version: `2026-1`. The hash tells versions apart. */
  readonly edition: string
  readonly axes: { readonly [A in AxisName]: Axis }
  readonly sentences: readonly Sentence[]
  readonly terms: Terms
  readonly cells: readonly Cell[]
  /** The order of the first cell's policy; the others follow. Default 100. */
  readonly order?: number
}

export type ServiceStandardDefinition = Definition<'service-standard', ServiceStandard>
