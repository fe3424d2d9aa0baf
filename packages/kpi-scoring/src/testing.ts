import type { Arbitrary } from 'fast-check'
import type { IncentivePlan } from './incentives/plan.ts'

/** The module `fast-check`, given by the test that has it installed; this package does not depend on it. */
export type FastCheck = typeof import('fast-check')['default']

/**
 * Random incentive plans: one to four bands with rates up to 20 %, and at times a threshold and a cap.
 *
 * @example
 * ```ts
 * import { payout } from '@patronkit/kpi-scoring'
 * import { incentivePlans } from '@patronkit/kpi-scoring/testing'
 * import fc from 'fast-check'
 *
 * fc.assert(fc.property(incentivePlans({ fc }), (plan) => payout({ plan, credited: 0 }).amount === '0'))
 * ```
 */
export function incentivePlans(i: { readonly fc: FastCheck; readonly mode?: IncentivePlan['mode'] }): Arbitrary<IncentivePlan> {
  const { fc, mode = 'marginal' } = i
  return fc
    .record({
      quota: fc.integer({ min: 1_000, max: 1_000_000 }),
      rates: fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 4 }),
      widths: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 4, maxLength: 4 }),
      edge: fc.constantFrom<IncentivePlan['edge'][]>('included', 'excluded'),
      threshold: fc.option(fc.integer({ min: 0, max: 120 })),
      pays: fc.constantFrom<('everything' | 'above')[]>('everything', 'above'),
      cap: fc.option(fc.integer({ min: 0, max: 50_000 })),
    })
    .map(({ quota, rates, widths, edge, threshold, pays, cap }): IncentivePlan => {
      let end = 0
      const tiers = rates.map((rate, at) => {
        end += widths[at]!
        return { upTo: at === rates.length - 1 ? null : String(end / 100), rate: String(rate / 10_000) }
      })
      return {
        currency: 'EUR',
        quota: String(quota),
        mode,
        edge,
        tiers,
        ...(threshold === null ? {} : { threshold: { from: String(threshold / 100), pays } }),
        ...(cap === null ? {} : { cap: String(cap) }),
      }
    })
}
