import { field } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import type { CountedItem } from '../src/report.ts'
import { defineServiceLevel, explainServiceLevel, judgeServiceLevel, type ServiceLevel } from '../src/service-level.ts'
import { clockOf, HOUR, itemOf, items } from './items.ts'

const p1: { id: string } & ServiceLevel = {
  id: 'p1-resolution',
  metric: 'resolution',
  when: field('priority').eq('P1'),
  per: 'customer',
  share: '0.95',
  period: 'month',
  zone: 'Europe/Rome',
  credits: {
    bands: [
      { below: '0.95', credit: '0.05' },
      { below: '0.90', credit: '0.10' },
    ],
  },
}
const april = '2026-04-05T00:00:00Z'
const eur = (amount: string) => ({ amount, currency: 'EUR' })

/** So many tickets kept and broken in March, all P1 of acme. */
const tickets = (met: number, breached: number, of: Partial<Parameters<typeof clockOf>[0]> = {}): readonly CountedItem[] => [
  ...Array.from({ length: met }, (_, n) => itemOf(`met-${n}`, [clockOf(of)], { priority: 'P1', customer: 'acme' })),
  ...Array.from({ length: breached }, (_, n) =>
    itemOf(`broken-${n}`, [clockOf({ ...of, state: 'breached', workedMs: (5 + n) * HOUR })], { priority: 'P1', customer: 'acme' }),
  ),
]

function judge(level: { id: string } & ServiceLevel, all: readonly CountedItem[], fee: string | null = '1234.56', asOf = april) {
  const count = judgeServiceLevel({ serviceLevel: defineServiceLevel(level), asOf, fee: () => (fee === null ? null : eur(fee)) })
  for (const item of all) count.add(item)
  return count.judgements()
}

describe('95 % of P1 within 4 h a month', () => {
  test('19 of 20 is exactly 95 % and kept; 18 of 19 is broken by a hair', () => {
    expect(judge(p1, tickets(19, 1))[0]!.agreed).toEqual({
      met: 19,
      breached: 1,
      open: 0,
      share: '0.950000',
      verdict: 'kept',
      band: null,
      credit: null,
    })
    expect(judge(p1, tickets(18, 1))[0]!.agreed).toMatchObject({ share: '0.947368', verdict: 'broken', credit: eur('61.73') })
  })

  test('the lowest band that was fallen under holds, and 90 % exactly is not below 90 %', () => {
    expect(judge(p1, tickets(9, 1))[0]!.agreed).toMatchObject({ band: { below: '0.95', credit: '0.05' } })
    expect(judge(p1, tickets(8, 1))[0]!.agreed).toMatchObject({ band: { below: '0.90', credit: '0.10' }, credit: eur('123.46') })
  })

  test('the credit is rounded once, as agreed, to the currency’s digits', () => {
    const credit = (rounding: 'half-up' | 'half-even' | 'up' | 'down', fee: string) =>
      judge({ ...p1, credits: { ...p1.credits!, rounding } }, tickets(1, 1), fee)[0]!.agreed.credit!.amount
    expect([credit('half-up', '100.25'), credit('half-even', '100.25'), credit('up', '100.21'), credit('down', '100.29')]).toEqual([
      '10.03',
      '10.02',
      '10.03',
      '10.02',
    ])
    const level = defineServiceLevel(p1)
    const yen = judgeServiceLevel({ serviceLevel: level, asOf: april, fee: () => ({ amount: '1005', currency: 'JPY' }) })
    for (const item of tickets(0, 2)) yen.add(item)
    expect(yen.judgements()[0]!.agreed.credit).toEqual({ amount: '101', currency: 'JPY' })
  })

  test('a fee beyond what a double holds is exact', () => {
    expect(judge(p1, tickets(1, 1), '99999999999999999999.99')[0]!.agreed.credit).toEqual(eur('10000000000000000000.00'))
  })

  test('fewer clocks than agreed decide nothing and cost nothing', () => {
    const [judgement] = judge({ ...p1, leastClocks: 5 }, tickets(2, 2))
    expect(judgement!.agreed).toMatchObject({ verdict: 'too-few', share: '0.500000', band: null, credit: null })
  })

  test('only the items, metric and agreement that were promised count', () => {
    const others = [
      itemOf('a', [clockOf({ state: 'breached', metric: 'first-reply' })], { priority: 'P1', customer: 'acme' }),
      itemOf('b', [clockOf({ state: 'breached', agreement: 'ola' })], { priority: 'P1', customer: 'acme' }),
      itemOf('c', [clockOf({ state: 'breached' })], { priority: 'P2', customer: 'acme' }),
    ]
    expect(judge(p1, [...tickets(1, 0), ...others])[0]!.agreed).toMatchObject({ met: 1, breached: 0 })
  })

  test('months are local: opened at 00:30 in Rome on the first is in the new month', () => {
    const openedAt = new Date('2026-03-31T22:30:00Z')
    const [judgement] = judge(p1, [itemOf('late', [clockOf({ startedAt: openedAt })], { priority: 'P1', customer: 'acme' })])
    expect(judgement!.period).toEqual({ name: '2026-04', from: new Date('2026-03-31T22:00:00Z'), to: new Date('2026-04-30T22:00:00Z') })
    expect(judgement!.final).toBe(false)
  })

  test('a month is final once it is over and nothing of it is open', () => {
    const open = itemOf('open', [clockOf({ state: 'running' })], { priority: 'P1', customer: 'acme' })
    expect(judge(p1, tickets(3, 0))[0]!.final).toBe(true)
    expect(judge(p1, [...tickets(3, 0), open])[0]).toMatchObject({ final: false, agreed: { open: 1 } })
    expect(judge(p1, tickets(3, 0), null, '2026-03-20T00:00:00Z')[0]!.final).toBe(false)
  })

  test('by decision, a breach stays in the month in which it was made, however long the ticket is left open', () => {
    const breachedAt = new Date('2026-03-03T12:00:00Z')
    const clock = clockOf({ state: 'breached', breachedAt, stoppedAt: null })
    const late = clockOf({ state: 'breached', breachedAt, stoppedAt: new Date('2026-05-03T12:00:00Z') })
    for (const one of [clock, late]) {
      const [judgement] = judge({ ...p1, of: 'decided' }, [itemOf('1', [one], { priority: 'P1', customer: 'acme' })])
      expect(judgement!.period.name).toBe('2026-03')
    }
  })
})

describe('agreed exclusions', () => {
  const window = { from: '2026-03-02T08:00:00Z', to: '2026-03-02T10:00:00Z' }

  test('are shown with and without them', () => {
    const level = { ...p1, exclusions: [{ id: 'move', why: 'the data centre moves', window }] }
    const outside = tickets(9, 0, { startedAt: new Date('2026-03-04T09:00:00Z') })
    const [judgement] = judge(level, [...outside, ...tickets(0, 2)])
    expect(judgement).toMatchObject({
      agreed: { verdict: 'kept', met: 9, breached: 0, credit: null },
      withoutExclusions: { verdict: 'broken', met: 9, breached: 2, credit: eur('123.46') },
      excluded: { move: 2 },
    })
    expect(judgement!.broken.map(({ item, excludedBy }) => [item.id, excludedBy])).toEqual([
      ['broken-1', 'move'],
      ['broken-0', 'move'],
    ])
  })

  test('a window takes what started in it, was broken in it, or ran at any time of it', () => {
    const clock = clockOf({
      state: 'breached',
      startedAt: new Date('2026-03-02T07:00:00Z'),
      breachedAt: new Date('2026-03-02T11:00:00Z'),
      stoppedAt: null,
    })
    const taken = (takes: 'started' | 'broken' | 'touched', w = window) =>
      Object.keys(
        judge({ ...p1, exclusions: [{ id: 'w', why: 'w', window: { ...w, takes } }] }, [itemOf('1', [clock], { priority: 'P1' })])[0]!
          .excluded,
      ).length
    expect([taken('started'), taken('broken'), taken('touched')]).toEqual([0, 0, 1])
    expect(taken('broken', { from: '2026-03-02T11:00:00Z', to: '2026-03-02T11:00:00.001Z' })).toBe(1)
    expect(taken('started', { from: '2026-03-02T06:00:00Z', to: '2026-03-02T07:00:00Z' })).toBe(0)
  })

  test('a window with a condition takes only items of it', () => {
    const level = { ...p1, exclusions: [{ id: 'mail', why: 'the mail provider failed', window, items: field('channel').eq('email') }] }
    const [mail, phone] = ['email', 'phone'].map((channel) =>
      itemOf(channel, [clockOf({ state: 'breached' })], { priority: 'P1', channel }),
    )
    expect(judge(level, [mail!, phone!])[0]).toMatchObject({ agreed: { breached: 1 }, withoutExclusions: { breached: 2 } })
  })
})

describe('an explanation', () => {
  const level = defineServiceLevel({ ...p1, exclusions: [{ id: 'vip', why: 'agreed on 3 March', items: field('vip').eq(true) }] })
  const count = judgeServiceLevel({ serviceLevel: level, asOf: april, fee: () => eur('200.00') })
  for (const item of tickets(8, 2)) count.add(item)
  count.add(
    itemOf('vip', [clockOf({ state: 'breached', workedMs: 5 * HOUR + 30 * 60_000 })], { priority: 'P1', customer: 'acme', vip: true }),
  )
  const [judgement] = count.judgements()

  test('names the band, what was left out, and each clock that broke it', () => {
    const { summary, lines } = explainServiceLevel({ serviceLevel: level, judgement: judgement! })
    expect(summary).toBe('2026-03, acme: broken: 80 % of 95 % promised (8 kept, 2 broken, 0 open)')
    expect(lines.map(({ text }) => text)).toEqual([
      'below 90 %: 10 % of the fee is paid back, 20.00 EUR',
      'left out as agreed: 1 clock, agreed on 3 March',
      'without exclusions it would be broken at 72.7272 %',
      'ticket broken-1: 2 h over',
      'ticket vip: 1 h 30 min over, left out: agreed on 3 March',
      'ticket broken-0: 1 h over',
    ])
  })

  test('has Chinese words for every line', () => {
    const chinese = explainServiceLevel({ serviceLevel: level, judgement: judgement!, locale: 'zh-CN' })
    expect(chinese.summary).toBe('2026-03，acme：未达成，80 %（承诺 95 %）；达成 8，超时 2，进行中 0')
    expect(chinese.lines.map(({ text }) => text)).not.toEqual(
      explainServiceLevel({ serviceLevel: level, judgement: judgement! }).lines.map(({ text }) => text),
    )
    for (const { text } of chinese.lines) expect(text).toMatch(/[\u4e00-\u9fff]/)
  })
})

describe('a definition', () => {
  test.each([
    ['share', { share: '95' }],
    ['credits.bands.0.below', { credits: { bands: [{ below: '0.99', credit: '0.05' }] } }],
    [
      'credits.bands.1.below',
      {
        credits: {
          bands: [
            { below: '0.90', credit: '0.05' },
            { below: '0.95', credit: '0.10' },
          ],
        },
      },
    ],
    [
      'credits.bands.1.credit',
      {
        credits: {
          bands: [
            { below: '0.95', credit: '0.10' },
            { below: '0.90', credit: '0.05' },
          ],
        },
      },
    ],
    ['exclusions.0', { exclusions: [{ id: 'x', why: 'no reason' }] }],
    ['exclusions.0.window.to', { exclusions: [{ id: 'x', why: 'y', window: { from: april, to: april } }] }],
    [
      'exclusions.1.id',
      {
        exclusions: [
          { id: 'x', why: 'y', items: field('a').eq(1) },
          { id: 'x', why: 'y', items: field('a').eq(1) },
        ],
      },
    ],
    ['zone', { zone: '+01:00' }],
  ])('is refused at %s', (path, wrong) => {
    expect(() => defineServiceLevel({ ...p1, ...wrong } as { id: string } & ServiceLevel)).toThrow(
      new RegExp(`${path.replaceAll('.', '\\.')}:`),
    )
  })

  test('is frozen, and equal content has an equal hash', () => {
    const level = defineServiceLevel(p1)
    expect(Object.isFrozen(level.body.credits)).toBe(true)
    expect(defineServiceLevel({ ...p1 }).hash).toBe(level.hash)
  })
})

test('a judgement is what a plain recount says, and what was excluded is the difference', () => {
  const level = defineServiceLevel({
    id: 'any',
    metric: 'resolution',
    per: 'customer',
    share: '0.5',
    period: 'month',
    zone: 'Europe/Rome',
    exclusions: [{ id: 'vip', why: 'vip', items: field('vip').eq(true) }],
  })
  const month = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Rome', year: 'numeric', month: '2-digit' })
  fc.assert(
    fc.property(items, (all) => {
      const count = judgeServiceLevel({ serviceLevel: level, asOf: april })
      for (const item of all) count.add(item)
      for (const judgement of count.judgements()) {
        const mine = all
          .filter(
            (item) =>
              (item.attributes.customer ?? null) === judgement.of && month.format(item.openedAt).slice(0, 7) === judgement.period.name,
          )
          .flatMap((item) => item.clocks.map((clock) => ({ clock, vip: item.attributes.vip === true })))
          .filter(({ clock }) => clock.metric === 'resolution' && clock.agreement === 'sla')
        const number = (state: string, some = mine) => some.filter(({ clock }) => clock.state === state).length
        const agreed = mine.filter(({ vip }) => !vip)
        expect(judgement.withoutExclusions).toMatchObject({
          met: number('met'),
          breached: number('breached'),
          open: number('running') + number('paused'),
        })
        expect(judgement.agreed).toMatchObject({ met: number('met', agreed), breached: number('breached', agreed) })
        const { met, breached, verdict } = judgement.agreed
        expect(verdict).toBe(met + breached === 0 ? 'nothing' : 2 * met < met + breached ? 'broken' : 'kept')
        expect(judgement.broken).toHaveLength(judgement.withoutExclusions.breached)
      }
    }),
    runs(2_000, 'random sets of items whose promises over a period are recounted'),
  )
})
