import { minorDigits } from '@patronkit/core'
import { listOf } from '../checks.ts'
import { type Exact as Decimal, exact, exactNotNegative, exactPositive } from '../exact.ts'
import { wrong } from '../refusals.ts'

/** A band of attainment with its rate. `upTo` is a share of the quota; the last band is open (null). */
export interface Tier {
  readonly upTo: string | null
  readonly rate: string
}

/** A factor on the whole payout, by another figure such as CSAT: that of the highest step reached, 1 below all of them. */
export interface Multiplier {
  readonly id: string
  readonly steps: readonly { readonly from: string; readonly factor: string }[]
}

/** How credited sales turn into pay. Numbers are decimal texts. */
export interface IncentivePlan {
  readonly currency: string
  readonly quota: string
  /** `marginal`: each band at its own rate. `retroactive`: everything at the rate of the band that was reached. */
  readonly mode: 'marginal' | 'retroactive'
  /** Whether a band includes its upper end: exactly 100 % is still the lower band where it does. */
  readonly edge: 'included' | 'excluded'
  /** A rate above the band before is an accelerator, one below it a decelerator. */
  readonly tiers: readonly Tier[]
  /** Below this share of the quota nothing is paid. From there on either everything counts, or only what lies above. */
  readonly threshold?: { readonly from: string; readonly pays: 'everything' | 'above' } | undefined
  /** The most that is paid. */
  readonly cap?: string | undefined
  readonly multipliers?: readonly Multiplier[] | undefined
  /** The reporting calendar whose periods the service states pay over; calendar years, quarters and months in UTC where it is left out. */
  readonly calendar?: string | undefined
}

/** A plan read into numbers. */
export interface ReadPlan {
  readonly plan: IncentivePlan
  readonly quota: Decimal
  /** Bands in amounts of credit. */
  readonly bands: readonly { readonly from: Decimal; readonly upTo: Decimal | null; readonly rate: Decimal }[]
  readonly threshold: Decimal | null
  readonly cap: Decimal | null
}

/** Checks a plan: bands rise, the last is open, nothing is negative. */
export function readPlan(plan: IncentivePlan): ReadPlan {
  minorDigits(plan.currency)
  const quota = exactPositive(plan.quota, 'plan.quota')
  const tiers = listOf(plan.tiers, 'plan.tiers') as readonly Tier[]
  let from = exact('0', 'from')
  const bands = tiers.map(({ upTo, rate }, at) => {
    const last = at === tiers.length - 1
    if ((upTo === null) !== last) throw wrong(`plan.tiers.${at}.upTo`, `is ${upTo}`, 'Leave exactly the last band open with null.')
    const end = upTo === null ? null : exactPositive(upTo, `plan.tiers.${at}.upTo`).times(quota)
    if (end?.lte(from)) throw wrong(`plan.tiers.${at}.upTo`, `is ${upTo}, not above the band before`, 'Sort the bands upwards.')
    const band = { from, upTo: end, rate: exactNotNegative(rate, `plan.tiers.${at}.rate`) }
    from = end ?? from
    return band
  })
  if (plan.mode !== 'marginal' && plan.mode !== 'retroactive')
    throw wrong('plan.mode', `is ${String(plan.mode)}`, "Use 'marginal' or 'retroactive'.")
  if (plan.edge !== 'included' && plan.edge !== 'excluded')
    throw wrong('plan.edge', `is ${String(plan.edge)}`, "Use 'included' or 'excluded'.")
  for (const { id, steps } of plan.multipliers ?? []) {
    steps.forEach(({ from, factor }, at) => {
      exact(from, `plan.multipliers.${id}.${at}.from`)
      exactNotNegative(factor, `plan.multipliers.${id}.${at}.factor`)
    })
  }
  return {
    plan,
    quota,
    bands,
    threshold: plan.threshold ? exactNotNegative(plan.threshold.from, 'plan.threshold.from').times(quota) : null,
    cap: plan.cap === undefined ? null : exactNotNegative(plan.cap, 'plan.cap'),
  }
}
