import { manualClock, memoryStorage } from '@patronkit/core'
import { defineIncentivePlan, type IncentivePlan } from '@patronkit/kpi-scoring'
import { describe, expect, test } from 'vitest'
import { createPatronkit, payStatementPage } from '../src/index.ts'
import { wellFormed } from './well-formed.ts'

const eur = (amount: string) => ({ amount, currency: 'EUR' })
const PLAN: IncentivePlan = {
  currency: 'EUR',
  quota: '100000',
  mode: 'marginal',
  edge: 'included',
  tiers: [
    { upTo: '1', rate: '0.06' },
    { upTo: null, rate: '0.0825' },
  ],
  multipliers: [{ id: 'csat', steps: [{ from: '0.8', factor: '1.1' }] }],
  cap: '7000',
}

async function quarter(plan: Partial<IncentivePlan> = {}) {
  const clock = manualClock('2026-04-02T06:00:00Z')
  const { kpi } = createPatronkit({ storage: memoryStorage(), clock }).for({ tenant: 'acme', by: { type: 'system', id: 'payroll' } })
  const mine = { plan: 'field-sales', subject: 'p_17' }
  const of = { ...mine, period: '2026-Q1' }
  await kpi.publish({ definition: defineIncentivePlan({ id: mine.plan, ...PLAN, ...plan }) })
  const deal = { id: 'd<1>', kind: 'deal', at: '2026-02-03T10:00:00Z', amount: eur('220000.01'), share: '0.5' } as const
  await kpi.credit({ ...mine, entries: [deal] })
  const first = await kpi.issueStatement({ idempotencyKey: 'a', ...of, figures: { csat: '0.9' } })
  clock.advance({ days: 30 })
  await kpi.credit({ ...mine, entries: [{ id: 'c1', kind: 'clawback', at: '2026-04-20T10:00:00Z', of: 'd<1>', amount: eur('100000.00') }] })
  const second = await kpi.issueStatement({ idempotencyKey: 'b', ...of, figures: { csat: '0.9' } })
  return { kpi, of, first, second }
}

/** The texts of a page, without their tags. */
const textOf = (page: string): string =>
  page
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]*>/g, '\n')
    .replace(/\s*\n\s*/g, '\n')

describe('a statement of pay as a page', () => {
  test('says what counts, how it is worked out, and what changed', async () => {
    const { first, second } = await quarter()
    const page = payStatementPage({ statement: second, before: [first], locale: 'en', name: 'Anna' })
    wellFormed(page)
    const text = textOf(page)
    for (const line of [
      'Statement of pay: Anna, 2026-Q1',
      'Statement 2 under plan field-sales, version 1',
      'Deals from 1 Jan 2026 to 31 Mar 2026',
      'Issued on 2 May 2026',
      'Taken back with this statement\n€3,040.00',
      'Earned to date\n€3,960.00',
      'Stated before\n€7,000.00',
      'Credited sales\n€60,000.01\n60% of quota',
      'd&lt;1&gt;\n3 Feb 2026\n€220,000.01\n50%\n€100,000.00\n€60,000.01',
      '€0.00 to €100,000.00\n€60,000.01\n6%\n€3,600.00',
      'csat is 0.9, at least 0.8\n× 1.1\n€3,960.00',
      '1\n2 Apr 2026\n€7,000.00\n+€7,000.00',
      '2\n2 May 2026\n€3,960.00\n-€3,040.00',
    ])
      expect(text).toContain(`\n${line}\n`)
    expect(textOf(payStatementPage({ statement: first, locale: 'en' }))).toContain('\nThe most that the plan pays\n€7,000.00\n')
  })

  test('says it in 中文', async () => {
    const { first, second } = await quarter()
    const page = payStatementPage({ statement: second, before: [first], locale: 'zh-CN', zone: 'Asia/Shanghai', name: '安娜' })
    wellFormed(page)
    for (const line of ['提成结算单：安娜，2026-Q1', '本次追回\n€3,040.00', '达成率 60%', '€0.00 至 €100,000.00', '出具日期：2026年5月2日'])
      expect(textOf(page)).toContain(`\n${line}\n`)
  })

  test('shows previews, empty periods and what was not reached', async () => {
    const { kpi, of } = await quarter({ mode: 'retroactive', threshold: { from: '0.7', pays: 'everything' } })
    const preview = await kpi.preview.issueStatement({ ...of, figures: { csat: 0 } })
    const text = textOf(payStatementPage({ statement: preview, locale: 'en' }))
    expect(text).toContain('\nPreview: nothing was issued\n')
    expect(text).toContain('\nBelow the threshold of €70,000.00: nothing is paid yet\n')
    const empty = await kpi.preview.issueStatement({ ...of, period: '2026-Q2', figures: { csat: 0 } })
    expect(textOf(payStatementPage({ statement: empty, locale: 'en' }))).toContain('\nNo deal counts in this period yet.\n')
    const whole = await kpi.preview.issueStatement({
      ...of,
      figures: { csat: 0 },
      entries: [{ id: 'x', kind: 'deal', at: '2026-03-01T00:00:00Z', amount: eur('60000.00') }],
    })
    expect(textOf(payStatementPage({ statement: whole, locale: 'en' }))).toContain(
      '\nEverything, at the band above €100,000.00\n€120,000.01\n8.25%\n€9,900.00\n',
    )
  })

  test('a sum of money is shown to its last digit', async () => {
    const { second } = await quarter()
    const huge = { ...second, payable: eur('12345678901234567890.12') }
    expect(payStatementPage({ statement: huge, locale: 'en' })).toContain('€12,345,678,901,234,567,890.12')
  })
})
