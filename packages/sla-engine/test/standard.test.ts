import { defineCalendar } from '@patronkit/business-time'
import { field, manualClock, memoryStorage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { createSla } from '../src/index.ts'
import {
  type Cell,
  checkStandard,
  defineServiceStandard,
  policiesOf,
  qualityTargetsOf,
  type ServiceStandard,
  sentenceOf,
} from '../src/standard.ts'

const desk: { id: string } & ServiceStandard = {
  id: 'desk',
  edition: '2026-1',
  axes: {
    touchpoint: { attribute: 'channel', values: ['email', 'phone'] },
    need: { attribute: 'type', values: ['incident', 'question'] },
    priority: { attribute: 'priority', values: ['high', 'low'] },
  },
  terms: { calendar: 'office', pauseWhile: field('status').eq('pending') },
  sentences: [
    { id: 'S1', text: 'We answer the phone within two minutes.' },
    { id: 'S2', text: 'We answer urgent mails within two working hours.' },
    { id: 'S3', text: 'Urgent incidents are solved within eight working hours.' },
    { id: 'S4', text: 'Nine of ten callers would call again.' },
  ],
  cells: [
    {
      id: 'phone',
      touchpoint: ['phone'],
      terms: { calendar: '24x7' },
      response: { within: { minutes: 2 }, sentence: 'S1' },
      quality: [{ metric: 'csat', atLeast: '0.9', sentence: 'S4' }],
    },
    {
      id: 'mail-high',
      touchpoint: ['email'],
      priority: ['high'],
      response: { within: { workingHours: 2 }, sentence: 'S2' },
      resolution: { within: { workingHours: 8 }, sentence: 'S3' },
    },
  ],
}

describe('a service standard', () => {
  const standard = defineServiceStandard(desk)
  const [phone, mail] = policiesOf({ standard })

  test('compiles to one policy a cell, with the terms that all share or its own', () => {
    expect(policiesOf({ standard }).map(({ id }) => id)).toEqual(['desk.phone', 'desk.mail-high'])
    expect(phone!.body).toMatchObject({
      calendar: '24x7',
      order: 100,
      pauseWhile: field('status').eq('pending'),
      targets: { 'first-reply': { within: { minutes: 2 } } },
    })
    expect(mail!.body).toMatchObject({ calendar: 'office', order: 101, targets: { 'first-reply': {}, resolution: {} } })
  })

  test('each policy and metric traces to its sentence', () => {
    expect(sentenceOf({ standard, policy: mail!, metric: 'resolution' })).toEqual({
      id: 'S3',
      text: 'Urgent incidents are solved within eight working hours.',
      standard: 'desk',
      edition: '2026-1',
      cell: 'mail-high',
      promise: 'resolution',
      within: { workingHours: 8 },
    })
    expect(sentenceOf({ standard, policy: phone!, metric: 'resolution' })).toBeNull()
    expect(sentenceOf({ standard, policy: { id: 'other' }, metric: 'resolution' })).toBeNull()
  })

  test('quality targets stay data, each with the items it is measured over', () => {
    expect(qualityTargetsOf({ standard })).toEqual([
      {
        cell: 'phone',
        when: { op: 'all', of: [field('channel').in(['phone'])] },
        metric: 'csat',
        atLeast: '0.9',
        atMost: null,
        sentence: desk.sentences[3],
      },
    ])
  })

  test('names what nothing is promised for', () => {
    expect(checkStandard({ standard: standard.body })).toEqual({
      overlapping: [],
      missing: [
        { touchpoint: 'email', need: 'incident', priority: 'low' },
        { touchpoint: 'email', need: 'question', priority: 'low' },
      ],
    })
  })

  const withCell = (cell: Partial<Cell>) => () => defineServiceStandard({ ...desk, cells: [...desk.cells, { id: 'x', ...cell }] })
  const response = { within: { hours: 1 }, sentence: 'S1' }
  test.each([
    ['cells.2: covers phone × incident × high, as phone does', { priority: ['high'], response }],
    ['cells.2.need.0: complaint is not among', { touchpoint: ['email'], priority: ['low'], need: ['complaint'], response }],
    [
      'cells.2.response.sentence: there is no sentence S9',
      { touchpoint: ['email'], priority: ['low'], response: { ...response, sentence: 'S9' } },
    ],
    [
      'cells.2: makes no policy, at targets.first-reply.within',
      { touchpoint: ['email'], priority: ['low'], response: { ...response, within: { fortnights: 1 } as never } },
    ],
    ['cells.2: promise something', { touchpoint: ['email'], priority: ['low'] }],
    ['cells.2.id: phone stands twice', { id: 'phone', touchpoint: ['email'], priority: ['low'], response }],
  ])('is refused: %s', (message, cell) => {
    expect(withCell(cell)).toThrow(message)
  })

  test('a breach of a real ticket says which sentence was broken', async () => {
    const clock = manualClock('2026-11-23T09:00:00Z')
    const storage = memoryStorage()
    const service = createSla({ storage, clock })
    const sla = service.for({ tenant: 'acme', by: { type: 'system', id: 'test' } })
    await sla.publish({ definition: defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } }) })
    for (const definition of policiesOf({ standard })) await sla.publish({ definition })
    const attributes = { channel: 'email', type: 'incident', priority: 'high' }
    await sla.record({
      item: { type: 'ticket', id: 'T-1' },
      attributes,
      facts: [{ id: 'f1', type: 'created', at: '2026-11-23T09:00:00Z' }],
    })
    clock.advance({ hours: 4 })
    await createRunner({ storage, clock, services: [service] }).tick()
    const [events] = await storage.read('acme', [eventsOf('sla-item', 'ticket/T-1', { limit: 100 })])
    const breach = (events as readonly StoredEvent[]).find(({ type }) => type === 'sla.breached')!
    const { policy, metric } = JSON.parse(breach.body!) as { policy: { id: string }; metric: string }
    expect(sentenceOf({ standard, policy, metric })?.text).toBe('We answer urgent mails within two working hours.')
  })

  test('any cells that are accepted cover each place at most once, and the policy that matches is that of the covering cell', () => {
    const some = (values: readonly string[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined })
    const cell = fc.record({ touchpoint: some(['email', 'phone']), need: some(['incident', 'question']), priority: some(['high', 'low']) })
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 4 }), (cells) => {
        const named: readonly Cell[] = cells.map((one, n) => ({
          id: `c${n}`,
          response,
          ...Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)),
        }))
        const { overlapping, missing } = checkStandard({ standard: { ...desk, cells: named } })
        const define = () => defineServiceStandard({ ...desk, cells: named })
        if (overlapping.length > 0) {
          expect(define).toThrow(/covers/)
          return
        }
        const policies = policiesOf({ standard: define() })
        for (const touchpoint of ['email', 'phone'])
          for (const need of ['incident', 'question'])
            for (const priority of ['high', 'low']) {
              const place = { touchpoint, need, priority }
              const covering = cells.flatMap((one, n) =>
                (one.touchpoint?.includes(touchpoint) ?? true) &&
                (one.need?.includes(need) ?? true) &&
                (one.priority?.includes(priority) ?? true)
                  ? [n]
                  : [],
              )
              expect(covering.length).toBe(missing.some((gap) => JSON.stringify(gap) === JSON.stringify(place)) ? 0 : 1)
              const attributes: Record<string, string> = { channel: touchpoint, type: need, priority }
              const matching = policies.filter(({ body }) => {
                const when = body.when as { of: readonly { field: string; values: readonly string[] }[] }
                return when.of.every((part) => part.values.includes(attributes[part.field]!))
              })
              expect(matching.map(({ id }) => id)).toEqual(covering.map((n) => `desk.c${n}`))
            }
      }),
      runs(2_000, 'random service standards checked place by place'),
    )
  })
})
