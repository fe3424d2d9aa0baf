import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  attainment,
  type CreditEntry,
  creditOf,
  draw,
  explainStatement,
  forecastTotal,
  type IncentivePlan,
  marketShare,
  pace,
  payout,
  rollDown,
  rollUp,
  splitCredit,
  splitMoney,
  splitQuantity,
  statement,
  type TargetNode,
} from '../src/index.ts'
import { incentivePlans } from '../src/testing.ts'

const eur = (amount: string) => ({ amount, currency: 'EUR' })
const cents = ({ amount }: { amount: string }) => BigInt(amount.replace('.', ''))
const fromCents = (n: number | bigint) => {
  const text = String(n < 0 ? -n : n).padStart(3, '0')
  return eur(`${n < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`)
}

const cookie = (
  mode: IncentivePlan['mode'],
  edge: IncentivePlan['edge'] = 'included',
  rates = ['0.06', '0.08', '0.10'],
  upTo = '1.5',
): IncentivePlan => ({
  currency: 'EUR',
  quota: '100000',
  mode,
  edge,
  tiers: [
    { upTo: '1', rate: rates[0]! },
    { upTo, rate: rates[1]! },
    { upTo: null, rate: rates[2]! },
  ],
})

describe('published incentive curves', () => {
  const forum = ['0.05', '0.06', '0.07']
  test.each([
    ['Sales Cookie, marginal, 110 %', cookie('marginal'), '110000', '6800'],
    ['Sales Cookie, retroactive, 110 %', cookie('retroactive'), '110000', '8800'],
    ['Sales Cookie, marginal, 160 %', cookie('marginal'), '160000', '11000'],
    ['Sales Cookie, retroactive, 160 %', cookie('retroactive'), '160000', '16000'],
    ['the spreadsheet forum, 150 %', cookie('marginal', 'included', forum, '1.25'), '150000', '8250'],
    ['exactly on an edge that belongs to the band below', cookie('retroactive', 'included', forum, '1.25'), '125000', '7500'],
    ['exactly on an edge that does not', cookie('retroactive', 'excluded', forum, '1.25'), '125000', '8750'],
    ['less than nothing', cookie('marginal'), '-5', '0'],
  ])('%s', (_, plan, credited, expected) => {
    expect(payout({ plan, credited }).amount).toBe(expected)
  })

  test('thresholds, caps and multipliers', () => {
    const plan: IncentivePlan = {
      ...cookie('marginal'),
      threshold: { from: '0.5', pays: 'everything' },
      cap: '9000',
      multipliers: [
        {
          id: 'csat',
          steps: [
            { from: '0.9', factor: '1.1' },
            { from: '0.95', factor: '1.25' },
          ],
        },
      ],
    }
    const at = (credited: string, csat: string) => payout({ plan, credited, figures: { csat } }).amount
    expect([at('49999.99', '0.99'), at('50000', '0.8'), at('50000', '0.9'), at('50000', '0.97'), at('200000', '0.8')]).toEqual([
      '0',
      '3000',
      '3300',
      '3750',
      '9000',
    ])
    expect(payout({ plan: { ...plan, threshold: { from: '0.5', pays: 'above' } }, credited: '60000', figures: { csat: '0' } }).amount).toBe(
      '600',
    )
  })

  test('accelerators of a yearly plan start once the year’s quota is met, not the quarter’s', () => {
    const deal = (id: string, amount: string): CreditEntry => ({ id, kind: 'deal', amount: eur(amount) })
    const plan = { ...cookie('marginal'), quota: '400000' }
    const first = statement({ plan, entries: [deal('q1', '200000.00')] })
    expect(first.payable.amount).toBe('12000.00')
    const year = statement({ plan, entries: [deal('q1', '200000.00'), deal('q2', '250000.00')], stated: first.payable })
    expect(year.change.amount).toBe('16000.00') // 200,000 at 6 % and 50,000 at 8 %
  })

  test('a recoverable draw: what was advanced is kept back, and paid − earned is what the balance grows by', () => {
    expect(draw({ recoverable: '3000', earned: ['2000', '5000', '1000'] })).toEqual({
      paid: ['3000', '4000', '3000'],
      balance: ['1000', '0', '2000'],
    })
    expect(draw({ recoverable: '3000', earned: ['0', '0', '4000'] })).toEqual({
      paid: ['3000', '3000', '3000'],
      balance: ['3000', '6000', '5000'],
    })
  })

  test('a statement in words that add up', () => {
    const said = statement({
      plan: cookie('marginal'),
      entries: [{ id: 'd', kind: 'deal', amount: eur('110000.05') }],
      stated: eur('6000.00'),
    })
    expect(explainStatement({ statement: said }).lines.map(({ text }) => text)).toEqual([
      '100000 EUR between 0 EUR and 100000 EUR at 6 % is 6000 EUR.',
      '10000.05 EUR between 100000 EUR and 150000 EUR at 8 % is 800.004 EUR.',
      '6800.004 EUR is rounded to 6800.00 EUR.',
      '6000.00 EUR was stated before.',
    ])
    expect(explainStatement({ statement: said, locale: 'zh-CN' }).summary).toContain('本期 800.00 EUR')
  })
})

const anyPlan = incentivePlans({ fc })

describe('marginal plans', () => {
  const highest = (plan: IncentivePlan) => Math.max(...plan.tiers.map(({ rate }) => Number(rate)))

  test('without threshold or cap never pay less for more, nor jump', () => {
    fc.assert(
      fc.property(anyPlan, fc.nat(2_000_000), fc.nat(50_000), (drawn, credited, more) => {
        const { threshold: _, cap: __, ...plan } = drawn
        const [a, b] = [credited, credited + more].map((c) => Number(payout({ plan, credited: c }).amount)) as [number, number]
        expect(b).toBeGreaterThanOrEqual(a)
        // the slope is never steeper than the highest rate: that is continuity
        expect(b - a).toBeLessThanOrEqual(more * highest(plan) + 1e-6)
      }),
      runs(20_000, 'marginal plans: monotone and continuous'),
    )
  })

  test('with them never pay less for more, and jump at the threshold only', () => {
    fc.assert(
      fc.property(anyPlan, fc.nat(2_000_000), fc.nat(50_000), (plan, credited, more) => {
        const [a, b] = [credited, credited + more].map((c) => Number(payout({ plan, credited: c }).amount)) as [number, number]
        expect(b).toBeGreaterThanOrEqual(a)
        const edge = plan.threshold ? Number(plan.threshold.from) * Number(plan.quota) : null
        const jumps = edge !== null && plan.threshold!.pays === 'everything' && credited < edge && credited + more >= edge
        if (!jumps) expect(b - a).toBeLessThanOrEqual(more * highest(plan) + 1e-6)
      }),
      runs(20_000, 'marginal plans with threshold and cap: jumps only where declared'),
    )
  })
})

test('statements after clawbacks in any order sum to what the whole recomputes to', () => {
  const deal = fc.record({
    amount: fc.integer({ min: 1, max: 5_000_000 }),
    share: fc.integer({ min: 1, max: 100 }),
    backs: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
  })
  fc.assert(
    fc.property(anyPlan, fc.array(deal, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat()), (plan, deals, random) => {
      let left = 0n
      const perDeal = deals.map(({ amount, share, backs }, d): CreditEntry[] => {
        let remaining = BigInt(amount)
        const clawbacks = backs.map((percent, c): CreditEntry => {
          const back = (BigInt(amount) * BigInt(percent)) / 200n < remaining ? (BigInt(amount) * BigInt(percent)) / 200n : remaining
          remaining -= back
          return { id: `c${d}-${c}`, kind: 'clawback', of: `d${d}`, amount: fromCents(back) }
        })
        left += remaining * BigInt(share)
        return [{ id: `d${d}`, kind: 'deal', amount: fromCents(amount), share: String(share / 100) }, ...clawbacks]
      })
      // any order in which a clawback comes after its deal
      const queues = perDeal.map(([first, ...rest]) => [first!, ...rest.sort(() => (random.next().value! % 2 ? 1 : -1))])
      const entries: CreditEntry[] = []
      let stated = 0n
      while (queues.some((queue) => queue.length > 0)) {
        const open = queues.filter((queue) => queue.length > 0)
        entries.push(open[random.next().value! % open.length]!.shift()!)
        stated += cents(statement({ plan, entries, stated: fromCents(stated) }).change)
      }
      // the whole, worked out from what is left of each deal: cents × percent = 1/10,000 EUR
      const credited = `${left / 10_000n}.${String(left % 10_000n).padStart(4, '0')}`
      const whole = Number(payout({ plan, credited }).amount)
      expect(Math.abs(Number(stated) - whole * 100)).toBeLessThanOrEqual(0.5 + 1e-6)
      expect(stated).toBe(cents(statement({ plan, entries }).payable))
    }),
    runs(1_000, 'orders of clawbacks against the full recomputation'),
  )
})

describe('splits', () => {
  test('the largest remainder takes the odd cent, equal ones go to the first', () => {
    expect(
      splitMoney({ total: eur('100.00'), by: ['a', 'b', 'c'].map((id) => ({ id, weight: 1 })) }).map(({ money }) => money.amount),
    ).toEqual(['33.34', '33.33', '33.33'])
    expect(
      splitMoney({
        total: { amount: '10', currency: 'JPY' },
        by: [
          { id: 'a', weight: 1 },
          { id: 'b', weight: 2 },
        ],
      }).map(({ money }) => money.amount),
    ).toEqual(['3', '7'])
    expect(splitCredit({ amount: eur('99.99'), shares: { anna: '0.5', bo: '0.5' } }).map(({ money }) => money.amount)).toEqual([
      '50.00',
      '49.99',
    ])
  })

  test('every split sums to its parent to the cent, and nobody is off by a cent or more', () => {
    const weight = fc.oneof(
      fc.nat(1000).map(String),
      fc.double({ min: 0, max: 1e6, noNaN: true }).map((x) => x.toFixed(6)),
    )
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
        fc.array(weight, { minLength: 1, maxLength: 30 }),
        (total, weights) => {
          fc.pre(weights.some((w) => Number(w) > 0))
          const parts = splitMoney({ total: fromCents(total), by: weights.map((w, at) => ({ id: `w${at}`, weight: w })) })
          expect(parts.reduce((sum, { money }) => sum + cents(money), 0n)).toBe(total)
          const micro = weights.map((w) => BigInt(Math.round(Number(w) * 1e6)))
          const all = micro.reduce((sum, w) => sum + w, 0n)
          parts.forEach(({ money }, at) => {
            const off = cents(money) * all - total * micro[at]!
            expect((off < 0n ? -off : off) < all).toBe(true)
          })
        },
      ),
      runs(10_000, 'splits against their parent, to the cent'),
    )
  })

  test('targets rolled down a tree roll up to themselves', () => {
    const node: fc.Arbitrary<TargetNode> = fc.letrec((tie) => ({
      node: fc.record({
        id: fc.uuid(),
        weight: fc.integer({ min: 1, max: 9 }),
        of: fc.oneof({ maxDepth: 3 }, fc.constant(undefined), fc.array(tie('node'), { minLength: 1, maxLength: 4 })),
      }),
    })).node as fc.Arbitrary<TargetNode>
    fc.assert(
      fc.property(node, fc.nat(1_000_000_000), (tree, total) => {
        const down = rollDown({ target: fromCents(total), tree })
        const own = new Map(down.map(({ id, target }) => [id, target]))
        const leaves = (n: TargetNode): TargetNode => (n.of?.length ? { ...n, of: n.of.map(leaves) } : { id: n.id, target: own.get(n.id)! })
        expect(rollUp({ tree: leaves(tree), currency: 'EUR' })).toEqual(down)
      }),
      runs(2_000, 'target trees rolled down and up'),
    )
  })

  test('quantities in steps', () => {
    expect(
      splitQuantity({
        total: '10',
        step: '0.25',
        by: [
          { id: 'a', weight: 2 },
          { id: 'b', weight: 1 },
        ],
      }),
    ).toEqual([
      { id: 'a', amount: '6.75' },
      { id: 'b', amount: '3.25' },
    ])
  })

  test('credit over deals is the sum of amount times share', () => {
    expect(
      creditOf({
        deals: [
          { amount: 5, shares: { me: 1 } },
          { amount: 10, shares: { me: 0.5, other: 0.5 } },
        ],
        who: 'me',
      }),
    ).toBe('10')
  })
})

describe('on the way to a target', () => {
  test('8 of 20 days, 36 of 100', () => {
    const now = pace({ target: 100, periodUnits: 20, elapsedUnits: 8, actual: 36 })
    expect(now).toMatchObject({ expectedToDate: '40', pace: '0.9', runRateForecast: '90' })
    expect(Number(now.neededPerUnit)).toBeCloseTo(16 / 3, 15)
  })

  test('a period without data shows its variance; before the first day and after the last there is no rate', () => {
    expect(attainment({ target: '50', achieved: null })).toEqual({ attainment: '0', variance: '-50' })
    expect(attainment({ target: 0, achieved: 3 })).toEqual({ attainment: null, variance: '3' })
    expect(pace({ target: 100, periodUnits: 20, elapsedUnits: 0, actual: 0 })).toMatchObject({
      pace: null,
      runRateForecast: null,
      neededPerUnit: '5',
    })
    expect(pace({ target: 100, periodUnits: 20, elapsedUnits: 20, actual: 80 }).neededPerUnit).toBeNull()
  })

  test('the forecast holds with Student’s interval: 4 days of 10, t = 3.182446', () => {
    const { forecast, low, high } = forecastTotal({ units: [4, 6, 5, 5], periodUnits: 10 })
    expect(forecast).toBeCloseTo(50, 12)
    const reach = 3.182446305284263 * Math.sqrt(2 / 3) * Math.sqrt(6 + 36 / 4)
    expect([low, high].map((x) => x!.toFixed(9))).toEqual([(50 - reach).toFixed(9), (50 + reach).toFixed(9)])
  })

  test('market share knows when it is not known', () => {
    expect(marketShare({ ours: '20', market: '80' })).toEqual({ share: '0.25' })
    expect([null, 0, 10].map((market) => marketShare({ ours: '20', market }).reason)).toEqual([
      'market-unknown',
      'market-empty',
      'market-smaller-than-ours',
    ])
  })
})
