import { attempt, isPatronkitError, manualClock, memoryStorage } from '@patronkit/core'
import { canonicalJson } from '@patronkit/core/service'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import { seededRandom } from '@patronkit/core/testing'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { createKpi, defineMetric, defineReportingCalendar, defineScorecard, type Kpi, render, type Scorecard } from '../src/index.ts'

const attainment = defineMetric({ id: 'sla-attainment', unit: 'share', kind: 'ratio', numerator: 'sla.met', denominator: 'sla.closed' })
const revenue = defineMetric({ id: 'revenue', unit: 'EUR', kind: 'simple', value: 'order.total', fold: 'sum' })
const body: Scorecard = {
  aggregate: 'arithmetic',
  measures: {
    sla: { metric: attainment.id, weight: '0.6', normalise: { kind: 'goalposts', worst: '0.80', best: '0.98' } },
    sales: { metric: revenue.id, weight: '0.4', normalise: { kind: 'goalposts', worst: '0', best: '120000' }, ifMissing: 'exclude' },
  },
}
const card = defineScorecard({ id: 'service-team', ...body })

function desk(start = '2026-11-23T09:00:00+01:00') {
  const clock = manualClock(start)
  const storage = memoryStorage()
  const kpi = createKpi({ storage, clock, random: seededRandom(1) }).for({ tenant: 'acme', by: { type: 'system', id: 'nightly' } })
  return { clock, storage, kpi }
}

async function published(start?: string) {
  const all = desk(start)
  for (const definition of [attainment, revenue, card]) await all.kpi.publish({ definition, effectiveFrom: '2026-10-01T00:00:00+02:00' })
  return all
}

/** A quarter of a team: so many kept of so many closed, and a revenue. */
async function quarter(kpi: Kpi, subject: string, at: string, met: number, closed: number, sales: string | null, channel = 'phone') {
  const measurements = [
    ...Array.from({ length: closed }, (_, n) => ({
      id: `${subject}/${at}/${channel}/c${n}`,
      at,
      name: 'sla.closed',
      value: 1,
      dimensions: { channel },
    })),
    ...Array.from({ length: met }, (_, n) => ({
      id: `${subject}/${at}/${channel}/m${n}`,
      at,
      name: 'sla.met',
      value: 1,
      dimensions: { channel },
    })),
    ...(sales === null ? [] : [{ id: `${subject}/${at}/${channel}/s`, at, name: 'order.total', value: sales, dimensions: { channel } }]),
  ]
  return kpi.record({ subject, measurements })
}

const sum = (texts: readonly string[]): string => texts.reduce((total, text) => total.plus(text), new Decimal(0)).toFixed()

describe('a scorecard over what was recorded', () => {
  test('the points add up to the score, digit for digit; names that no metric has are what was measured under them', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'team_north', '2026-11-02T10:00:00Z', 93, 100, '91000.01')
    const score = await kpi.score({ scorecard: card.id, subject: 'team_north', period: '2026-Q4' })
    expect(
      score.contributions.map(({ measure, raw, normalised, weight, points, unit }) => [measure, raw, normalised, weight, points, unit]),
    ).toEqual([
      ['sales', '91000.01', '0.758333416667', '0.4', '0.303333366667', 'EUR'],
      ['sla', '0.93', '0.722222222222', '0.6', '0.433333333333', 'share'],
    ])
    expect(score.value).toBe('0.7366667')
    expect(sum(score.contributions.map(({ points }) => points))).toBe(score.value)
    expect([score.scorecard.version, score.closed, score.period.to.toISOString()]).toEqual([1, null, '2027-01-01T00:00:00.000Z'])
  })

  test('what is missing gives its weight away, and says why it is missing', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'bo', '2026-11-02T10:00:00Z', 98, 100, null)
    const { value, contributions } = await kpi.score({ scorecard: card.id, subject: 'bo', period: '2026-Q4' })
    expect([value, contributions[1]!.weight]).toEqual(['1', '1'])
    expect(contributions[0]).toMatchObject({
      raw: null,
      points: '0',
      reason: 'missing-excluded',
      cause: { code: 'no-data', metric: 'revenue' },
    })
    const nobody = await kpi.score({ scorecard: card.id, subject: 'nobody', period: '2026-Q4' })
    expect([nobody.value, nobody.reason]).toEqual([null, 'no-measures'])
    expect(nobody.contributions[1]!.cause).toEqual({ code: 'divided-by-zero', metric: 'sla-attainment' })
  })

  test('as of an instant, only what had happened by then counts', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'anna', '2026-10-05T10:00:00Z', 80, 100, '10000')
    await quarter(kpi, 'anna', '2026-11-05T10:00:00Z', 100, 100, '50000')
    const then = await kpi.score({ scorecard: card.id, subject: 'anna', period: '2026-Q4', asOf: '2026-10-31T00:00:00Z' })
    expect(then.contributions.map(({ raw }) => raw)).toEqual(['10000', '0.8'])
  })

  test('a team is worked out from everyone’s measurements, never from their values', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'a', '2026-11-02T10:00:00Z', 10, 100, null)
    await quarter(kpi, 'b', '2026-11-02T10:00:00Z', 40, 50, null)
    const whole = await kpi.measure({ metric: attainment.id, subjects: ['a', 'b'], period: '2026-Q4', by: 'channel' })
    expect(whole.value!.slice(0, 12)).toBe('0.3333333333')
    expect(whole.groups).toHaveLength(1)
  })

  test('periods are those of the calendar that the scorecard names', async () => {
    const { kpi } = desk()
    const fiscal = defineReportingCalendar({ id: 'fiscal', zone: 'Europe/London', yearStarts: '04-01', yearNamed: 'end' })
    await kpi.publish({ definition: fiscal })
    for (const definition of [attainment, revenue, defineScorecard({ id: 'uk', ...body, calendar: 'fiscal' })])
      await kpi.publish({ definition })
    await quarter(kpi, 'a', '2026-11-02T10:00:00Z', 98, 100, '120000')
    const score = await kpi.score({ scorecard: 'uk', subject: 'a', period: '2027-Q3' })
    expect([score.value, score.period.from.toISOString(), score.pins.calendar?.id]).toEqual([
      '1',
      '2026-10-01T00:00:00.000Z'.replace('2026-10-01T00', '2026-09-30T23'),
      'fiscal',
    ])
  })
})

describe('why a score changed', () => {
  test('rate, mix, target and weight effects sum to the change digit for digit, measure by measure', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'north', '2026-08-02T10:00:00Z', 85, 100, '60000', 'phone')
    await quarter(kpi, 'north', '2026-08-02T10:00:00Z', 49, 50, null, 'chat')
    await quarter(kpi, 'north', '2026-11-02T10:00:00Z', 180, 210, '70000', 'phone')
    await quarter(kpi, 'north', '2026-11-02T10:00:00Z', 20, 20, null, 'chat')
    const harder = defineScorecard({
      id: card.id,
      ...body,
      measures: {
        ...body.measures,
        sales: { ...body.measures.sales!, weight: '0.5', normalise: { kind: 'goalposts', worst: '0', best: '150000' } },
      },
    })
    await kpi.publish({ definition: harder, effectiveFrom: '2026-10-01T00:00:00Z' })
    const { before, after, change, effects, measures } = await kpi.compare({
      scorecard: card.id,
      subject: 'north',
      from: '2026-Q3',
      to: '2026-Q4',
      by: 'channel',
    })
    expect(new Decimal(after!).minus(before!).toFixed()).toBe(change)
    expect(sum(Object.values(effects!))).toBe(change)
    expect(sum(measures.flatMap(({ rate, mix, target, weight }) => [rate, mix, target, weight]))).toBe(change)
    // both channels did better, more came by phone where less is kept, and sales were held against more
    const sla = measures.find(({ measure }) => measure === 'sla')!
    expect([Number(sla.rate) > 0, Number(sla.mix) < 0, sla.target]).toEqual([true, true, '0'])
    expect(Number(measures.find(({ measure }) => measure === 'sales')!.target)).toBeLessThan(0)
  })

  test('when only one cause moved, the others are 0', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'north', '2026-08-02T10:00:00Z', 90, 100, '60000')
    await quarter(kpi, 'north', '2026-11-02T10:00:00Z', 94, 100, '60000')
    expect(await kpi.compare({ scorecard: card.id, subject: 'north', from: '2026-Q3', to: '2026-Q4' })).toMatchObject({
      change: '0.133333333334',
      effects: { rate: '0.133333333334', mix: '0', target: '0', weight: '0' },
    })
  })

  test('a period without a score has no change to explain', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'north', '2026-11-02T10:00:00Z', 94, 100, '60000')
    expect(await kpi.compare({ scorecard: card.id, subject: 'north', from: '2026-Q3', to: '2026-Q4' })).toMatchObject({
      before: null,
      change: null,
      effects: null,
    })
  })
})

describe('targets', () => {
  const byTarget = defineScorecard({
    id: 'sellers',
    aggregate: 'arithmetic',
    measures: { sales: { metric: 'revenue', weight: '1', normalise: { kind: 'target', worst: '0.5' } } },
  })

  test('a measure is held against the subject’s own target; without one it is missing', async () => {
    const { kpi } = await published()
    await kpi.publish({ definition: byTarget })
    await quarter(kpi, 'anna', '2026-11-02T10:00:00Z', 0, 0, '90000')
    expect((await kpi.score({ scorecard: 'sellers', subject: 'anna', period: '2026-Q4' })).value).toBeNull()
    await kpi.setTargets({
      idempotencyKey: 't1',
      metric: 'revenue',
      targets: [{ subject: 'anna', period: '2026-Q4', amount: '120000.00' }],
    })
    const score = await kpi.score({ scorecard: 'sellers', subject: 'anna', period: '2026-Q4' })
    expect([score.value, score.contributions[0]!.target, score.contributions[0]!.targetRevision]).toEqual(['0.5', '120000', 1])
    const tried = await kpi.preview.score({ definition: byTarget, subject: 'anna', period: '2026-Q4', targets: { sales: '90000' } })
    expect([tried.value, tried.scorecard.version]).toEqual(['1', 0])
  })

  test('achieved, variance and pace; a cell of territory and product has a target of its own', async () => {
    const { kpi } = await published('2026-11-15T12:00:00Z')
    await quarter(kpi, 'anna', '2026-11-02T10:00:00Z', 0, 0, '36', 'phone')
    await quarter(kpi, 'anna', '2026-11-02T10:00:00Z', 0, 0, '4', 'chat')
    await kpi.setTargets({
      idempotencyKey: 't1',
      metric: 'revenue',
      targets: [
        { subject: 'anna', period: '2026-M11', amount: 100 },
        { subject: 'anna', period: '2026-M11', amount: 10, dimensions: { channel: 'chat' } },
      ],
    })
    expect(await kpi.progress({ metric: 'revenue', subject: 'anna', period: '2026-M11' })).toMatchObject({
      achieved: { value: '40' },
      target: { amount: '100', revision: 1 },
      attainment: '0.4',
      variance: '-60',
      pace: { expectedToDate: '50', pace: '0.8', runRateForecast: '80', neededPerUnit: '4' },
    })
    const chat = await kpi.progress({ metric: 'revenue', subject: 'anna', period: '2026-M11', dimensions: { channel: 'chat' } })
    expect([chat.achieved.value, chat.attainment]).toEqual(['4', '0.4'])
    const none = await kpi.progress({ metric: 'revenue', subject: 'anna', period: '2026-M12' })
    expect([none.achieved.value, none.target, none.pace]).toEqual([null, null, null])
  })
})

describe('closing a period', () => {
  const close = { idempotencyKey: 'service-team/2026-Q4', scorecard: card.id, period: '2026-Q4' }

  async function closed() {
    const all = await published()
    await quarter(all.kpi, 'north', '2026-11-02T10:00:00Z', 93, 100, '91000')
    await quarter(all.kpi, 'south', '2026-11-02T10:00:00Z', 88, 100, null)
    await quarter(all.kpi, 'summer', '2026-07-02T10:00:00Z', 88, 100, null)
    all.clock.set('2027-01-02T06:00:00Z')
    return { ...all, closed: await all.kpi.closePeriod(close) }
  }

  test('not before it is over; a preview says where it is heading', async () => {
    const { kpi } = await published()
    await quarter(kpi, 'north', '2026-11-02T10:00:00Z', 93, 100, '91000')
    const tried = await attempt(() => kpi.closePeriod(close))
    expect(tried.ok || tried.error.code).toBe('kpi/period-running')
    expect(await kpi.preview.closePeriod({ scorecard: card.id, period: '2026-Q4' })).toMatchObject({ revision: 1, people: 1 })
    expect(await kpi.history({ scorecard: card.id })).toEqual([])
  })

  test('a past period replayed after every definition has changed is byte-identical', async () => {
    const { kpi, closed: first } = await closed()
    expect(first).toMatchObject({ revision: 1, people: 2 })
    const asked = async () =>
      JSON.stringify([
        await kpi.score({ scorecard: card.id, subject: 'north', period: '2026-Q4' }),
        await kpi.scores({ scorecard: card.id, period: '2026-Q4' }),
        await kpi.explain({ scorecard: card.id, subject: 'south', period: '2026-Q4' }),
        await kpi.replay({ scorecard: card.id, period: '2026-Q4' }),
        await kpi.history({ scorecard: card.id }),
      ])
    const before = await asked()
    expect(await kpi.replay({ scorecard: card.id, period: '2026-Q4' })).toMatchObject({
      same: true,
      people: 2,
      hash: first.hash,
      differs: [],
    })
    // every definition changes, also for the past, and measurements come late
    await kpi.publish({
      definition: defineMetric({ ...revenue.body, kind: 'simple', value: 'order.total', fold: 'count', unit: 'count' }),
      effectiveFrom: 0,
    })
    await kpi.publish({
      definition: defineMetric({ ...attainment.body, kind: 'ratio', numerator: 'sla.closed', denominator: 'sla.met' }),
      effectiveFrom: 0,
    })
    await kpi.publish({
      definition: defineScorecard({ id: card.id, aggregate: 'minimum', measures: { sla: body.measures.sla! } }),
      effectiveFrom: 0,
    })
    await quarter(kpi, 'north', '2026-12-24T10:00:00Z', 0, 100, '5')
    expect(await asked()).toBe(before)
    // what is not closed is scored by what holds now
    expect((await kpi.score({ scorecard: card.id, subject: 'summer', period: '2026-Q3' })).contributions).toHaveLength(1)
  })

  test('closed anew under the number it revises; the old revision stays', async () => {
    const { kpi, closed: first } = await closed()
    await quarter(kpi, 'north', '2026-12-24T10:00:00Z', 0, 100, null)
    const refused = await attempt(() => kpi.closePeriod({ ...close, idempotencyKey: 'again' }))
    expect(!refused.ok && isPatronkitError(refused.error, 'kpi/period-closed') && refused.error.details.revision).toBe(1)
    const second = await kpi.closePeriod({ ...close, idempotencyKey: 'again', revises: 1 })
    expect([second.revision, second.hash === first.hash]).toEqual([2, false])
    const value = async (revision?: number) =>
      (await kpi.score({ scorecard: card.id, subject: 'north', period: '2026-Q4', ...(revision ? { revision } : {}) })).contributions[1]!
        .raw
    expect([await value(), await value(1), await value(2)]).toEqual(['0.465', '0.93', '0.465'])
    expect(await kpi.replay({ scorecard: card.id, period: '2026-Q4', revision: 1 })).toMatchObject({ same: true, hash: first.hash })
  })

  test('every write sent twice has one effect and the same answer', async () => {
    const { kpi, storage } = await closed()
    const target = { idempotencyKey: 't', metric: 'revenue', targets: [{ subject: 'north', period: '2027-Q1', amount: '5' }] }
    const call = {
      idempotencyKey: 'r',
      subject: 'x',
      measurements: [{ id: 'x1', at: '2026-11-02T10:00:00Z', name: 'order.total', value: '1.50' }],
    }
    const writes = [
      () => kpi.closePeriod(close),
      () => kpi.setTargets(target),
      () => kpi.record(call),
      () => kpi.record({ subject: 'x', measurements: call.measurements }),
      () => kpi.publish({ definition: card, effectiveFrom: '2026-10-01T00:00:00+02:00' }),
    ]
    const first = []
    for (const write of writes) first.push(JSON.stringify(await write()))
    const events = await eventCount(storage)
    for (const [n, write] of writes.entries()) expect(JSON.stringify(await write())).toBe(first[n])
    expect(await eventCount(storage)).toBe(events)
    const other = await attempt(() => kpi.record({ ...call, measurements: [{ ...call.measurements[0]!, value: '2' }] }))
    expect(other.ok || other.error.code).toBe('core/idempotency-conflict')
    // an id is a subject's own: two who share an order count it each
    expect(await kpi.record({ subject: 'y', measurements: call.measurements })).toEqual({ subject: 'y', accepted: 1 })
    expect((await kpi.measure({ metric: 'revenue', subjects: ['x', 'y'], period: '2026-Q4' })).value).toBe('3')
  })

  test('an erased subject leaves hashes behind: its period says who is missing, and its chain still verifies', async () => {
    const { kpi, storage } = await closed()
    await kpi.setTargets({ idempotencyKey: 't', metric: 'revenue', targets: [{ subject: 'north', period: '2027-Q1', amount: 5 }] })
    expect(await kpi.erase({ subject: 'north' })).toEqual({
      measurements: 194,
      targets: 1,
      scores: 1,
      credits: 0,
      statements: 0,
      events: 2,
    })
    expect(await kpi.erase({ subject: 'north' })).toEqual({ measurements: 0, targets: 0, scores: 0, credits: 0, statements: 0, events: 0 })
    expect(await kpi.replay({ scorecard: card.id, period: '2026-Q4' })).toMatchObject({ same: false, differs: ['north'] })
    expect((await kpi.scores({ scorecard: card.id, period: '2026-Q4' })).rows.map(({ subject }) => subject)).toEqual(['south'])
    const [events] = (await storage.read('acme', [eventsOf('kpi-subject', 'north', { limit: 10 })])) as [readonly StoredEvent[]]
    expect(events.map(({ type, body }) => [type, body === null])).toEqual([
      ['kpi.recorded', true],
      ['kpi.targets-set', true],
      ['kpi.erased', false],
    ])
  })

  test('many are closed, paged and replayed in pieces, everyone once, before the close and after', async () => {
    const { kpi, clock } = await published()
    const people = Array.from({ length: 450 }, (_, n) => `p${String(n).padStart(3, '0')}`)
    for (const subject of people)
      await kpi.record({ subject, measurements: [{ id: 's', at: '2026-11-02T10:00:00Z', name: 'order.total', value: subject.slice(1) }] })
    const walked = async () => {
      const ids: string[] = []
      for (let after: string | null = ''; after !== null; ) {
        const page: Awaited<ReturnType<Kpi['scores']>> = await kpi.scores({
          scorecard: card.id,
          period: '2026-Q4',
          limit: 70,
          ...(after ? { after } : {}),
        })
        for (const { subject } of page.rows) ids.push(subject)
        after = page.next
      }
      return ids
    }
    expect(await walked()).toEqual(people)
    clock.set('2027-01-02T06:00:00Z')
    expect(await kpi.closePeriod(close)).toMatchObject({ people: 450 })
    expect(await walked()).toEqual(people)
    expect(await kpi.replay({ scorecard: card.id, period: '2026-Q4' })).toMatchObject({ people: 450, same: true })
  })

  test('a score in English and in Chinese', async () => {
    const { kpi } = await closed()
    const why = await kpi.explain({ scorecard: card.id, subject: 'south', period: '2026-Q4' })
    expect(why.summary).toBe('south scores 0.444444 for 2026-Q4')
    expect(why.lines.map((line) => line.text)).toEqual([
      'sales: nothing was measured, so its weight goes to the others',
      'sla: 0.88 counts 0.444444, times 1 is 0.444444',
    ])
    expect(render(why, { locale: 'zh-CN' }).lines[1]!.text).toBe('sla：0.88，标准化 0.444444 × 权重 1 = 贡献值 0.444444')
  })
})

const eventCount = async (storage: ReturnType<typeof memoryStorage>): Promise<number> => {
  const { events } = await storage.feed({ consumer: 'count', now: Date.parse('2030-01-01T00:00:00Z'), limit: 10_000 })
  return events.length
}

describe('hostile input is refused and changes nothing', () => {
  const measurement = { id: 'm', at: '2026-11-02T10:00:00Z', name: 'n', value: '1' }
  const deep = (levels: number): unknown => (levels === 0 ? { number: '1' } : { add: [deep(levels - 1)] })
  test.each<[string, (kpi: Kpi) => Promise<unknown>, string]>([
    ['no measurement', (kpi) => kpi.record({ subject: 's', measurements: [] }), 'core/invalid-input'],
    [
      'a number that is none',
      (kpi) => kpi.record({ subject: 's', measurements: [{ ...measurement, value: Number.NaN }] }),
      'core/invalid-input',
    ],
    ['a text that is none', (kpi) => kpi.record({ subject: 's', measurements: [{ ...measurement, value: '1e9' }] }), 'core/invalid-input'],
    [
      'a zoneless instant',
      (kpi) => kpi.record({ subject: 's', measurements: [{ ...measurement, at: '2026-11-02T10:00:00' }] }),
      'core/instant-without-offset',
    ],
    ['U+0000', (kpi) => kpi.record({ subject: 'a\u0000b', measurements: [measurement] }), 'core/invalid-input'],
    [
      'a prototype',
      (kpi) => kpi.record({ subject: 's', measurements: [{ ...measurement, dimensions: JSON.parse('{"__proto__":1}') }] }),
      'core/invalid-input',
    ],
    ['an unknown card', (kpi) => kpi.score({ scorecard: 'none', subject: 's', period: '2026' }), 'kpi/not-published'],
    ['an unknown metric', (kpi) => kpi.measure({ metric: 'none', subjects: ['s'], period: '2026' }), 'kpi/unknown-id'],
    ['a period that is none', (kpi) => kpi.score({ scorecard: card.id, subject: 's', period: '2026-Q5' }), 'core/invalid-input'],
    ['a replay of what was never closed', (kpi) => kpi.replay({ scorecard: card.id, period: '2026-Q4' }), 'kpi/not-closed'],
    [
      'a revision of nothing',
      (kpi) => kpi.closePeriod({ idempotencyKey: 'k', scorecard: card.id, period: '2026-Q3', revises: 4 }),
      'kpi/period-closed',
    ],
    [
      'a target twice',
      (kpi) =>
        kpi.setTargets({
          idempotencyKey: 'k',
          metric: 'm',
          targets: [
            { subject: 's', period: '2026', amount: 1 },
            { subject: 's', period: '2026', amount: 2 },
          ],
        }),
      'kpi/duplicate-id',
    ],
    ['another id in the body', (kpi) => kpi.publish({ definition: { ...revenue, id: 'other' } }), 'core/invalid-input'],
    [
      'a formula 10,000 deep',
      (kpi) =>
        kpi.publish({
          definition: { kind: 'metric', id: 'd', hash: '', body: { id: 'd', unit: 'share', kind: 'derived', formula: deep(5_000) } },
        }),
      'kpi/too-deep',
    ],
    [
      'a zone nobody knows',
      (kpi) => kpi.publish({ definition: { kind: 'reporting-calendar', id: 'c', hash: '', body: { zone: 'Mars/North' } } }),
      'core/invalid-input',
    ],
    ['a cursor of another list', (kpi) => kpi.scores({ scorecard: card.id, period: '2026-Q4', after: '{}' }), 'core/bad-cursor'],
    ['null', (kpi) => kpi.record(null as never), 'core/invalid-input'],
  ])('%s', async (_, call, code) => {
    const { kpi, storage } = await published()
    const before = await eventCount(storage)
    const tried = await attempt(() => call(kpi))
    expect(tried.ok || tried.error.code).toBe(code)
    expect(await eventCount(storage)).toBe(before)
  })
})

test('measurements in whatever order and however often they are delivered give the same scores, and the events replayed give what is stored', async () => {
  const entry = fc.record({
    name: fc.constantFrom('sla.met', 'sla.closed', 'order.total'),
    value: fc.integer({ min: 0, max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2)),
    day: fc.integer({ min: 1, max: 28 }),
    channel: fc.constantFrom('phone', 'chat'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (entries, dice) => {
        const measurements = entries.map(({ day, channel, ...rest }, n) => ({
          ...rest,
          id: `m${n}`,
          at: `2026-11-${String(day).padStart(2, '0')}T10:00:00Z`,
          dimensions: { channel },
        }))
        const plain = await published()
        await plain.kpi.record({ subject: 's', measurements })
        const shuffled = await published()
        const deck = [...measurements, measurements[0]!].map((one) => ({ one, key: dice.next().value! })).sort((a, b) => a.key - b.key)
        for (const { one } of deck) await shuffled.kpi.record({ subject: 's', measurements: [one] })
        const asked = { scorecard: card.id, subject: 's', period: '2026-Q4' }
        const score = await shuffled.kpi.score(asked)
        expect(JSON.stringify(score)).toBe(JSON.stringify(await plain.kpi.score(asked)))
        if (score.value !== null) expect(sum(score.contributions.map(({ points }) => points))).toBe(score.value)

        const [events] = (await shuffled.storage.read('acme', [eventsOf('kpi-subject', 's', { limit: 100 })])) as [readonly StoredEvent[]]
        const replayed = await published()
        for (const event of events) await replayed.kpi.record(JSON.parse(event.body!))
        expect(canonicalJson(await replayed.kpi.score(asked))).toBe(canonicalJson(JSON.parse(JSON.stringify(score))))
      },
    ),
    runs(1_000, 'random deliveries of measurements to the service'),
  )
})
