import { addMoney, type Money, manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import { seededRandom } from '@patronkit/core/testing'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  type CreditEntry,
  createKpi,
  defineIncentivePlan,
  defineReportingCalendar,
  type IncentivePlan,
  type Kpi,
  type PlanEntry,
  render,
  statement,
} from '../src/index.ts'
import { incentivePlans } from '../src/testing.ts'

const eur = (amount: string): Money => ({ amount, currency: 'EUR' })
const BODY: IncentivePlan = {
  currency: 'EUR',
  quota: '100000',
  mode: 'marginal',
  edge: 'included',
  tiers: [
    { upTo: '1', rate: '0.06' },
    { upTo: '1.5', rate: '0.08' },
    { upTo: null, rate: '0.10' },
  ],
}
const plan = defineIncentivePlan({ id: 'field-sales', ...BODY })
const BY = { tenant: 'acme', by: { type: 'system', id: 'payroll' } } as const
const anna = { plan: plan.id, subject: 'anna' }
const q1 = { ...anna, period: '2026-Q1' }
const deal = (id: string, amount: string, more: { share?: string; at?: string } = {}): PlanEntry => ({
  id,
  kind: 'deal',
  at: '2026-02-03T10:00:00Z',
  amount: eur(amount),
  ...more,
})
const back = (id: string, of: string, amount?: string): PlanEntry => ({
  id,
  kind: 'clawback',
  at: '2026-05-03T10:00:00Z',
  of,
  ...(amount === undefined ? {} : { amount: eur(amount) }),
})

async function desk() {
  const clock = manualClock('2026-04-01T06:00:00Z')
  const storage = memoryStorage()
  const kpi = createKpi({ storage, clock, random: seededRandom(1) }).for(BY)
  await kpi.publish({ definition: plan, effectiveFrom: '2026-01-01T00:00:00Z' })
  return { clock, storage, kpi }
}

describe('statements of pay', () => {
  test('a clawback and a corrected plan are stated as differences; what was issued stays, and replays byte for byte', async () => {
    const { kpi } = await desk()
    await kpi.credit({
      ...anna,
      entries: [deal('d1', '220000.00', { share: '0.5' }), deal('later', '9.00', { at: '2026-04-01T00:00:00Z' })],
    })
    const first = await kpi.issueStatement({ idempotencyKey: 'april', ...q1 })
    expect(first).toMatchObject({ number: 1, credited: '110000', payable: eur('6800.00'), stated: eur('0.00'), change: eur('6800.00') })
    expect(first.deals).toEqual([
      { id: 'd1', at: '2026-02-03T10:00:00.000Z', amount: eur('220000.00'), share: '0.5', takenBack: eur('0.00'), credited: '110000' },
    ])
    await kpi.credit({ ...anna, entries: [back('c1', 'd1', '40000.00')] })
    const second = await kpi.issueStatement({ idempotencyKey: 'may', ...q1 })
    expect(second).toMatchObject({ number: 2, payable: eur('5400.00'), stated: eur('6800.00'), change: eur('-1400.00') })
    const generous = defineIncentivePlan({ id: plan.id, ...BODY, tiers: [{ upTo: null, rate: '0.07' }] })
    await kpi.publish({ definition: generous, effectiveFrom: '2026-01-01T00:00:01Z' })
    expect(await kpi.issueStatement({ idempotencyKey: 'june', ...q1 })).toMatchObject({ number: 2 }) // not in force when Q1 began
    await kpi.publish({ definition: defineIncentivePlan({ id: plan.id, ...BODY, cap: '5000' }), effectiveFrom: '2026-01-01T00:00:00Z' })
    const third = await kpi.issueStatement({ idempotencyKey: 'july', ...q1 })
    expect(third).toMatchObject({ number: 3, payable: eur('5000.00'), change: eur('-400.00'), plan: { version: 3 } })
    expect(await kpi.statements(anna)).toEqual([first, second, third])
    for (const { number, hash } of [first, second, third])
      expect(await kpi.replayStatement({ ...q1, number })).toEqual({ number, storedHash: hash, hash, same: true })
  })

  test('the events replayed give what was stated', async () => {
    const { kpi, storage } = await desk()
    await kpi.credit({ ...anna, entries: [deal('d1', '123456.78', { share: '0.25' }), deal('d2', '0.01'), back('c1', 'd1')] })
    await kpi.credit({ ...anna, entries: [back('c2', 'd2', '0.01'), deal('d3', '99999.99')] })
    const { payable, deals } = await kpi.issueStatement({ idempotencyKey: 'a', ...q1 })
    const [events] = (await storage.read('acme', [eventsOf('kpi-pay', 'field-sales/anna', { limit: 10 })])) as [readonly StoredEvent[]]
    const told = events.flatMap(({ body }) => (JSON.parse(body!) as { entries?: readonly { share: string | null }[] }).entries ?? [])
    const entries = told.map(({ share, ...entry }) => (share === null ? entry : { ...entry, share })) as unknown as readonly CreditEntry[]
    expect(statement({ plan: BODY, entries }).payable).toEqual(payable)
    expect(deals).toHaveLength(3)
  })

  test('nothing new is no new statement, and a key sent twice states once', async () => {
    const { kpi, storage, clock } = await desk()
    await kpi.credit({ ...anna, entries: [deal('d1', '100.00')] })
    const first = await kpi.issueStatement({ idempotencyKey: 'a', ...q1 })
    clock.advance({ days: 1 })
    await kpi.credit({ ...anna, entries: [deal('d1', '100.00')] })
    await kpi.credit({ ...anna, entries: [deal('q2', '100.00', { at: '2026-04-02T10:00:00Z' })] })
    for (const idempotencyKey of ['a', 'b', 'b']) expect(await kpi.issueStatement({ idempotencyKey, ...q1 })).toEqual(first)
    const [events] = (await storage.read('acme', [eventsOf('kpi-pay', 'field-sales/anna', { limit: 10 })])) as [readonly StoredEvent[]]
    expect(events.map(({ type }) => type)).toEqual(['kpi.credited', 'kpi.statement-issued', 'kpi.credited'])
  })

  test('a preview says what another plan or a deal still hoped for would come to, and writes nothing', async () => {
    const { kpi, storage } = await desk()
    await kpi.credit({ ...anna, entries: [deal('d1', '90000.00')] })
    await kpi.issueStatement({ idempotencyKey: 'a', ...q1 })
    const before = JSON.stringify(await kpi.statements(anna))
    const hoped = [
      deal('d2', '30000.00'),
      back('c1', 'd1', '1000.00'),
      back('c2', 'd1'),
      deal('d3', '1.00', { at: '2026-09-01T00:00:00Z' }),
    ]
    const found = await kpi.preview.issueStatement({ ...q1, entries: hoped })
    expect(found).toMatchObject({ number: 2, credited: '30000', payable: eur('1800.00'), change: eur('-3600.00'), issuedAt: null })
    expect(found.deals.map(({ id, takenBack }) => [id, takenBack.amount])).toEqual([
      ['d1', '90000.00'],
      ['d2', '0.00'],
    ])
    const draft = defineIncentivePlan({ id: 'draft', ...BODY, mode: 'retroactive', tiers: [{ upTo: null, rate: '0.5' }] })
    expect(await kpi.preview.issueStatement({ ...q1, definition: draft })).toMatchObject({ payable: eur('45000.00') })
    expect(JSON.stringify(await kpi.statements(anna))).toBe(before)
    expect(((await storage.read('acme', [eventsOf('kpi-pay', 'field-sales/anna', { limit: 10 })])) as [unknown[]])[0]).toHaveLength(2)
  })

  test('figures turn multipliers, and stand in the statement', async () => {
    const { kpi } = await desk()
    const bonus = defineIncentivePlan({ id: 'bonus', ...BODY, multipliers: [{ id: 'csat', steps: [{ from: '0.8', factor: '1.5' }] }] })
    await kpi.publish({ definition: bonus })
    const mine = { plan: bonus.id, subject: 'anna', period: '2026-Q1' }
    await kpi.credit({ plan: bonus.id, subject: 'anna', entries: [deal('d1', '10000.00')] })
    await expect(kpi.issueStatement({ idempotencyKey: 'a', ...mine })).rejects.toMatchObject({ code: 'kpi/unknown-id' })
    const issued = await kpi.issueStatement({ idempotencyKey: 'a', ...mine, figures: { csat: '0.90' } })
    expect(issued).toMatchObject({ payable: eur('900.00'), figures: { csat: '0.9' } })
    expect(await kpi.replayStatement(mine)).toMatchObject({ same: true })
    expect(await kpi.issueStatement({ idempotencyKey: 'b', ...mine, figures: { csat: 0.7 } })).toMatchObject({ change: eur('-300.00') })
  })

  test('periods are those of the plan’s calendar', async () => {
    const { kpi } = await desk()
    const calendar = defineReportingCalendar({ id: 'rome', zone: 'Europe/Rome' })
    const local = defineIncentivePlan({ id: 'local', ...BODY, calendar: calendar.id })
    for (const definition of [calendar, local]) await kpi.publish({ definition })
    await kpi.credit({ plan: local.id, subject: 'anna', entries: [deal('d1', '100.00', { at: '2026-03-31T22:00:00Z' })] })
    const of = (period: string) => kpi.preview.issueStatement({ plan: local.id, subject: 'anna', period })
    expect([(await of('2026-Q1')).credited, (await of('2026-Q2')).credited]).toEqual(['0', '100'])
  })

  test('is explained line by line, in English and 中文', async () => {
    const { kpi } = await desk()
    await kpi.credit({ ...anna, entries: [deal('d1', '110000.01')] })
    await kpi.issueStatement({ idempotencyKey: 'a', ...q1 })
    await kpi.credit({ ...anna, entries: [back('c1', 'd1', '20000.00')] })
    await kpi.issueStatement({ idempotencyKey: 'b', ...q1 })
    const explained = await kpi.explainStatement(q1)
    expect(explained.summary).toBe('Credited 90000.01 EUR, 90 % of quota: 5400.00 EUR earned to date, -1400.00 EUR with this statement.')
    expect(explained.lines.map(({ text }) => text)).toEqual([
      '20000 EUR of credit was taken back.',
      '90000.01 EUR between 0 EUR and 100000 EUR at 6 % is 5400.0006 EUR.',
      '5400.0006 EUR is rounded to 5400.00 EUR.',
      '6800.00 EUR was stated before.',
    ])
    expect(render(explained, { locale: 'zh-CN' }).summary).toContain('累计应得 5400.00 EUR，本期 -1400.00 EUR')
  })

  test.each([
    ['a plan nobody published', () => ({ plan: 'none', subject: 'anna', entries: [deal('x', '1.00')] }), 'kpi/not-published'],
    [
      'another currency',
      () => ({ ...anna, entries: [{ ...deal('x', '1.00'), amount: { amount: '1.00', currency: 'USD' } }] }),
      'core/invalid-input',
    ],
    ['a deal below 0', () => ({ ...anna, entries: [deal('x', '-1.00')] }), 'core/invalid-input'],
    ['a clawback of nothing known', () => ({ ...anna, entries: [back('x', 'd9')] }), 'kpi/unknown-id'],
    ['a clawback of a clawback', () => ({ ...anna, entries: [back('x', 'c1')] }), 'kpi/unknown-id'],
    ['more back than is left', () => ({ ...anna, entries: [back('x', 'd1', '60.01')] }), 'core/invalid-input'],
    [
      'more back than is left, in two',
      () => ({ ...anna, entries: [back('x', 'd1', '40.00'), back('y', 'd1', '20.01')] }),
      'core/invalid-input',
    ],
    ['an id with another amount', () => ({ ...anna, entries: [deal('d1', '100.01')] }), 'core/idempotency-conflict'],
    ['an id with another share', () => ({ ...anna, entries: [deal('d1', '100.00', { share: '0.5' })] }), 'core/idempotency-conflict'],
    ['a deal’s id for a clawback', () => ({ ...anna, entries: [back('d1', 'd1')] }), 'core/idempotency-conflict'],
  ])('%s is refused, and nothing is kept of the call', async (_, given, code) => {
    const { kpi } = await desk()
    await kpi.credit({ ...anna, entries: [deal('d1', '100.00'), back('c1', 'd1', '40.00')] })
    const call = given()
    await expect(kpi.credit({ ...call, entries: [deal('new', '5.00'), ...call.entries] })).rejects.toMatchObject({ code })
    expect(await kpi.preview.issueStatement(q1)).toMatchObject({ credited: '60' })
  })

  test('a statement that was never issued is named', async () => {
    const { kpi } = await desk()
    const named = { code: 'kpi/not-issued', details: { ...q1, number: 4 } }
    await expect(kpi.explainStatement({ ...q1, number: 4 })).rejects.toMatchObject(named)
    await expect(kpi.replayStatement({ ...q1, number: 4 })).rejects.toMatchObject(named)
  })

  test('of an erased subject nothing is left but hashes, and a new statement starts from nothing', async () => {
    const { kpi, storage } = await desk()
    await kpi.credit({ ...anna, entries: [deal('d1', '100.00')] })
    const { hash } = await kpi.issueStatement({ idempotencyKey: 'a', ...q1 })
    expect(await kpi.erase({ subject: 'anna' })).toMatchObject({ credits: 1, statements: 1, events: 2 })
    expect(await kpi.statements(anna)).toEqual([])
    await expect(kpi.issueStatement({ idempotencyKey: 'a', ...q1 })).rejects.toMatchObject({ code: 'kpi/not-issued' })
    const [events] = (await storage.read('acme', [eventsOf('kpi-pay', 'field-sales/anna', { limit: 10 })])) as [readonly StoredEvent[]]
    expect(events.map(({ type, body }) => [type, body === null])).toEqual([
      ['kpi.credited', true],
      ['kpi.statement-issued', true],
      ['kpi.pay-erased', false],
    ])
    expect(JSON.stringify(events)).not.toContain(hash)
    await kpi.credit({ ...anna, entries: [deal('d1', '200.00')] })
    expect(await kpi.issueStatement({ idempotencyKey: 'b', ...q1 })).toMatchObject({ number: 2, stated: eur('0.00'), change: eur('12.00') })
  })
})

/** A storage in which somebody else acts just before the n-th call. */
function interrupted(storage: Storage, n: number, act: () => Promise<unknown>) {
  let calls = 0
  const before = async () => {
    if (++calls === n) await act()
  }
  const read: Storage['read'] = async (...args) => {
    await before()
    return storage.read(...args)
  }
  const commit: Storage['commit'] = async (...args) => {
    await before()
    return storage.commit(...args)
  }
  return { calls: () => calls, storage: { ...storage, read, commit } }
}

test('whatever is credited or stated while a statement is issued is in it or not, and all changes sum to the last', async () => {
  const issuedMeanwhile = async (n: number): Promise<number> => {
    const plain = memoryStorage()
    const others = createKpi({ storage: plain }).for(BY)
    await others.publish({ definition: plan })
    await others.credit({ ...anna, entries: [deal('d1', '1000.00')] })
    await others.issueStatement({ idempotencyKey: 'first', ...q1 })
    await others.credit({ ...anna, entries: [deal('d2', '500.00')] })
    const { storage, calls } = interrupted(plain, n, async () => {
      await others.credit({ ...anna, entries: [back('c1', 'd1', '300.00')] })
      await others.issueStatement({ idempotencyKey: 'between', ...q1 })
      await others.credit({ ...anna, entries: [deal('d3', '10.00')] })
    })
    await createKpi({ storage })
      .for(BY)
      .issueStatement({ idempotencyKey: 'k', ...q1 })
    await others.issueStatement({ idempotencyKey: 'last', ...q1 })
    await sumsUp(others, q1)
    return calls()
  }
  const calls = await issuedMeanwhile(0)
  expect(calls).toBeGreaterThan(4)
  for (let n = 1; n <= calls; n++) await issuedMeanwhile(n)
})

/** Numbers run from 1, changes sum to what is payable, each statement replays. */
async function sumsUp(kpi: Kpi, of: typeof q1) {
  const all = await kpi.statements(of)
  let sum = eur('0.00')
  for (const [n, { number, change, payable, stated }] of all.entries()) {
    expect(number).toBe(n + 1)
    expect(stated).toEqual(sum)
    sum = addMoney(sum, change)
    expect(sum).toEqual(payable)
    expect(await kpi.replayStatement({ ...of, number })).toMatchObject({ same: true })
  }
  return all
}

/** Deals with shares, then what is taken back of them, and where in the delivery statements are issued. */
const cents = (n: number) => (n / 100).toFixed(2)
const dealings = fc
  .array(
    fc.record({
      amount: fc.integer({ min: 0, max: 20_000_000 }),
      share: fc.constantFrom(undefined, '0.5', '0.333', '1'),
      backs: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((deals) =>
    deals.map(({ amount, share, backs }, n): { readonly deal: PlanEntry; readonly backs: readonly PlanEntry[] } => {
      let left = amount
      const taken = backs.map((percent, m) => {
        const part = Math.floor((left * percent) / 100)
        left -= part
        return back(`c${n}.${m}`, `d${n}`, cents(part))
      })
      return { deal: deal(`d${n}`, cents(amount), share === undefined ? {} : { share }), backs: taken }
    }),
  )

describe.each(['memory', 'sqlite'] as const)('clawbacks in any order, over %s', (name) => {
  test('the changes stated sum to one recomputation of everything', async () => {
    const storage = name === 'memory' ? memoryStorage() : sqliteStorage({ file: ':memory:' })
    const kpi = createKpi({ storage }).for(BY)
    await storage.schema.migrate()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        incentivePlans({ fc }),
        incentivePlans({ fc, mode: 'retroactive' }),
        dealings,
        fc.infiniteStream(fc.nat(1_000)),
        async (body, other, all, draw) => {
          const id = `plan-${name}-${run++}`
          const of = { plan: id, subject: 'anna', period: '2026-Q1' }
          const random = draw[Symbol.iterator]()
          const next = (): number => random.next().value
          const used = next() % 2 ? body : other
          await kpi.publish({ definition: defineIncentivePlan({ id, ...used }) })
          // a deal comes before what is taken back of it; beyond that, anything
          const waiting = all.map(({ deal, backs }) => [deal, ...[...backs].sort(() => (next() % 3) - 1)])
          const delivered: PlanEntry[] = []
          while (waiting.some((queue) => queue.length > 0)) {
            const open = waiting.filter((queue) => queue.length > 0)
            const entry = open[next() % open.length]!.shift()!
            delivered.push(entry)
            await kpi.credit({ plan: id, subject: 'anna', entries: [entry] })
            if (next() % 3 === 0) await kpi.issueStatement({ idempotencyKey: `${id}/${delivered.length}`, ...of })
          }
          const last = await kpi.issueStatement({ idempotencyKey: `${id}/last`, ...of })
          const whole = statement({ plan: used, entries: all.flatMap(({ deal, backs }) => [deal, ...backs]) as readonly CreditEntry[] })
          expect([last.payable, last.earned, last.credited]).toEqual([whole.payable, whole.earned, whole.credited])
          const said = await sumsUp(kpi, of)
          expect(said.reduce((sum, { change }) => addMoney(sum, change), eur('0.00'))).toEqual(whole.payable)
        },
      ),
      { ...runs(1_000, `kpi, ${name}: statements with clawbacks in any order`), endOnFailure: true },
    )
    if ('close' in storage) await storage.close()
  }, 600_000)
})
