import type { Definition, Instant, Pred } from '@patronkit/core'
import type { PeriodUnit } from '../figures/period.ts'

/** What was agreed not to count, and why: clocks of a window of time, of some items, or of both together. */
export interface Exclusion<I = Instant> {
  readonly id: string
  /** Said in reports: planned maintenance, force majeure. */
  readonly why: string
  readonly window?: {
    readonly from: I
    readonly to: I
    /** Which clocks the window takes: those that started in it (default), were broken in it, or ran at any time of it. */
    readonly takes?: 'started' | 'broken' | 'touched'
  }
  /** Only items whose attributes fulfil this. */
  readonly items?: Pred
}

/** What is paid back: of the bands whose `below` the share has fallen under, the lowest holds. */
export interface Credits {
  readonly bands: readonly { readonly below: string; readonly credit: string }[]
  /** How the credit is rounded to the currency's digits. Default `half-up`. */
  readonly rounding?: 'half-up' | 'half-even' | 'up' | 'down'
}

/** A promise over a period: this share of these clocks keeps its target. Shares are decimal texts: `'0.95'`. */
export interface ServiceLevel<I = Instant> {
  readonly metric: string
  /** Default `sla`. */
  readonly agreement?: string
  /** Which items it is about; default all. */
  readonly when?: Pred
  /** An attribute such as `customer`: each value has a judgement of its own. */
  readonly per?: string
  readonly share: string
  readonly period: PeriodUnit
  readonly zone: string
  /**
   * Which period a clock belongs to: that of the item's opening (default), or that in which it was decided: by its breach, or by a
   * stop in time. Neither changes afterwards, so a clock cannot be moved out of a period by leaving it open.
   */
  readonly of?: 'opened' | 'decided'
  /** Fewer judged clocks than these decide nothing and cost nothing. Default 1. */
  readonly leastClocks?: number
  readonly credits?: Credits
  readonly exclusions?: readonly Exclusion<I>[]
}

export type ServiceLevelDefinition = Definition<'service-level', ServiceLevel<string>>
