import type { Bare } from '@patronkit/core/service'
import { type Exact as Decimal, Exact, exact, textOf } from '../exact.ts'
import { unknownId } from '../refusals.ts'
import { type IncentivePlan, type ReadPlan, readPlan } from './plan.ts'

/** What a plan pays, not rounded, and how it came about. */
export interface Payout {
  /** A decimal text; only statements round. */
  readonly amount: string
  readonly attainment: string
  /** One line a step, in their order: bands, threshold, multipliers, cap. */
  readonly lines: readonly Bare[]
}

/**
 * What a plan pays for credited sales. Less than nothing pays nothing. `figures` are those that multipliers look at.
 *
 * @example
 * ```ts
 * import { payout } from '@patronkit/kpi-scoring'
 *
 * const plan = { currency: 'EUR', quota: '100000', mode: 'marginal', edge: 'included',
 *   tiers: [{ upTo: '1', rate: '0.06' }, { upTo: '1.5', rate: '0.08' }, { upTo: null, rate: '0.10' }] } as const
 * payout({ plan, credited: '110000' }).amount // '6800'
 * ```
 */
export function payout(i: {
  readonly plan: IncentivePlan
  readonly credited: string | number
  readonly figures?: { readonly [id: string]: string | number }
}): Payout {
  return pay(readPlan(i.plan), exact(i.credited, 'credited'), i.figures ?? {})
}

/** The same over a plan that is read already. */
export function pay(read: ReadPlan, given: Decimal, figures: { readonly [id: string]: string | number }): Payout {
  const credited = Exact.max(0, given)
  const attainment = textOf(credited.div(read.quota))
  const { threshold, plan } = read
  if (threshold && credited.lt(threshold)) {
    return {
      amount: '0',
      attainment,
      lines: [{ code: 'kpi.below-threshold', data: { credited: textOf(credited), threshold: textOf(threshold) } }],
    }
  }
  const start = threshold && plan.threshold?.pays === 'above' ? threshold : new Exact(0)
  const lines: Bare[] = []
  let amount = plan.mode === 'marginal' ? marginal(read, start, credited, lines) : retroactive(read, start, credited, lines)
  for (const { id, steps } of plan.multipliers ?? []) {
    if (!Object.hasOwn(figures, id)) throw unknownId(id, 'plan.multipliers')
    const figure = exact(figures[id], `figures.${id}`)
    const reached = steps.filter(({ from }) => figure.gte(from)).sort((a, b) => new Exact(b.from).cmp(a.from))[0]
    if (!reached) continue
    amount = amount.times(reached.factor)
    lines.push({
      code: 'kpi.multiplied',
      data: { by: id, figure: textOf(figure), from: reached.from, factor: reached.factor, amount: textOf(amount) },
    })
  }
  if (read.cap && amount.gt(read.cap)) {
    amount = read.cap
    lines.push({ code: 'kpi.capped', data: { cap: textOf(read.cap) } })
  }
  return { amount: textOf(amount), attainment, lines }
}

function marginal(read: ReadPlan, start: Decimal, credited: Decimal, lines: Bare[]): Decimal {
  let amount = new Exact(0)
  for (const { from, upTo, rate } of read.bands) {
    const low = Exact.max(from, start)
    const inBand = Exact.max(0, (upTo ? Exact.min(upTo, credited) : credited).minus(low))
    if (inBand.isZero()) continue
    const part = inBand.times(rate)
    amount = amount.plus(part)
    lines.push({
      code: 'kpi.band',
      data: { from: textOf(low), upTo: upTo ? textOf(upTo) : null, rate: textOf(rate), credited: textOf(inBand), amount: textOf(part) },
    })
  }
  return amount
}

function retroactive(read: ReadPlan, start: Decimal, credited: Decimal, lines: Bare[]): Decimal {
  const inside = ({ upTo }: { readonly upTo: Decimal | null }) =>
    upTo === null || (read.plan.edge === 'included' ? credited.lte(upTo) : credited.lt(upTo))
  const { from, upTo, rate } = read.bands.find(inside)!
  const counted = credited.minus(start)
  const amount = counted.times(rate)
  lines.push({
    code: 'kpi.reached',
    data: { from: textOf(from), upTo: upTo ? textOf(upTo) : null, rate: textOf(rate), credited: textOf(counted), amount: textOf(amount) },
  })
  return amount
}
