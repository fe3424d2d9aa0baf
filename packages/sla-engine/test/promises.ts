import { defineCalendar } from '@patronkit/business-time'
import { all, any, type Duration, field, type Pred } from '@patronkit/core'
import type { Happened } from '@patronkit/core/service'
import fc from 'fast-check'
import { PastNeeded } from '../src/adopt.ts'
import type { Books } from '../src/book.ts'
import { decideRecord, decideTime } from '../src/decide.ts'
import { defineSlaPolicy, type Policy, type SlaPolicy, type Step, type Target, type Within } from '../src/index.ts'
import type { ItemState, StoredFact } from '../src/model.ts'
import { nextStepAt } from '../src/passing.ts'
import { bookOf } from '../src/testing.ts'

/** Random promises out of everything a policy may say, and timelines of facts that stir all of it. */
export const START = Date.UTC(2026, 2, 20, 8)
export const HOUR = 3_600_000
export const DAYS = 21
export const item = { type: 'ticket', id: 'T/1' }

export const office = defineCalendar({
  id: 'office',
  zone: 'Europe/Rome',
  week: {
    mon: [['09:00', '17:00']],
    tue: [['09:00', '17:00']],
    wed: [['22:00', '06:00']],
    fri: [['09:00', '12:00']],
    sun: [['00:00', '24:00']],
  },
})

export const desk = defineCalendar({
  id: 'desk',
  zone: 'Asia/Shanghai',
  week: {
    mon: [
      ['08:30', '12:00'],
      ['13:00', '18:00'],
    ],
    wed: [['08:30', '18:00']],
    thu: [['08:30', '18:00']],
    sat: [['10:00', '14:00']],
  },
})

const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined, freq: 2 })

/** Leaves out what was not drawn: a policy has no field without a value. */
const without = <T extends object>(of: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  of.map((value) => Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined)) as T)

const wall: fc.Arbitrary<Duration> = fc.oneof(
  fc.integer({ min: 1, max: 60 }).map((hours) => ({ hours })),
  fc.integer({ min: 1, max: 90 }).map((minutes) => ({ minutes })),
)
const working: fc.Arbitrary<Duration> = fc.oneof(
  fc.integer({ min: 1, max: 14 }).map((workingHours) => ({ workingHours })),
  fc.integer({ min: 1, max: 3 }).map((workingDays) => ({ workingDays })),
)
const length = fc.oneof(wall, working)

const limits: readonly fc.Arbitrary<Exclude<Within, { by: string }>>[] = [
  wall,
  working,
  fc.oneof(
    fc.constant({ date: 'promised' }),
    fc.constantFrom({ workingDay: { days: 0 } }, { workingDay: { days: 1, cutOff: '12:00' } }, { workingDay: { days: 2, by: '11:00' } }),
  ),
]

const within: fc.Arbitrary<Within> = fc.nat({ max: limits.length - 1 }).chain((kind) => {
  const limit = limits[kind]!
  return fc.oneof(
    limit as fc.Arbitrary<Within>,
    without(fc.record({ by: fc.constant('priority'), of: fc.record({ high: limit, low: limit }), otherwise: maybe(limit) })),
  )
})

const step: fc.Arbitrary<Step> = without(
  fc.record({
    at: fc.oneof(
      fc.integer({ min: 1, max: 100 }).map((percent) => ({ percent })),
      length.map((left) => ({ left })),
      length.map((over) => ({ over })),
    ),
    repeat: maybe(fc.record({ every: length, times: fc.integer({ min: 1, max: 3 }) })),
  }),
)

const target: fc.Arbitrary<Target> = without(
  fc.record({
    within,
    warnAt: maybe(fc.constantFrom([{ percent: 50 }], [{ percent: 90 }, { percent: 25 }])),
    steps: maybe(
      fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.map((one, n) => ({ ...one, id: `step ${'abc'[n]}` }))),
    ),
  }),
)

const METRICS = [
  'first-reply',
  'next-reply',
  'periodic-update',
  'pausable-update',
  'requester-wait',
  'agent-work',
  'resolution',
  'total-resolution',
  'time-to-own',
  'ownership',
  'care',
  'turn',
] as const

const waiting: Pred = field('status').in(['waiting', 'pending'])
const onReopen = fc.constantFrom('resume' as const, 'keep-running' as const, 'new-cycle' as const, 'ignore' as const)
const mode = fc.constantFrom('keep' as const, 'restart' as const, 'retroactive' as const)

const OWN: NonNullable<Policy['metrics']> = {
  care: { start: 'customer-message', stop: 'agent-reply', pause: 'hold', resume: 'unhold', reopen: 'customer-message', cancel: 'spam' },
  turn: {
    start: all(field('changed.team').eq(true), field('after.team').ne(null)),
    stop: any(field('fact.reply').eq(true), field('fact.type').eq('resolved')),
    reset: all(field('changed.priority').eq(true), field('fact.type').ne('created')),
    repeats: true,
  },
}

const policyBody = (agreement: string | undefined): fc.Arbitrary<Policy> =>
  without(
    fc.record({
      agreement: fc.constant(agreement),
      calendar: fc.constantFrom<Policy['calendar']>('office', 'desk', '24x7', { by: 'team', of: { G1: 'desk' }, otherwise: 'office' }),
      zone: maybe(fc.constant('zone')),
      when: maybe(fc.constantFrom(field('tier').eq('gold'), field('priority').eq('high'), field('emergency').eq(true))),
      order: maybe(fc.integer({ min: 1, max: 200 })),
      sticky: maybe(fc.boolean()),
      per: agreement === undefined ? fc.constantFrom(undefined, undefined, undefined, 'team') : fc.constantFrom('team', 'team', undefined),
      targets: fc
        .uniqueArray(fc.constantFrom(...METRICS), { minLength: 1, maxLength: 3 })
        .chain((metrics) =>
          fc
            .tuple(...metrics.map(() => target))
            .map((targets) => Object.fromEntries(metrics.map((metric, n) => [metric, targets[n]!])) as Policy['targets']),
        ),
      metrics: fc.constant(OWN),
      pauseWhile: maybe(fc.constant(waiting)),
      onReopen: maybe(onReopen),
      replies: maybe(
        without(
          fc.record({ by: maybe(fc.constantFrom(['bot'] as const, ['agent', 'third-party'] as const)), internal: maybe(fc.boolean()) }),
        ),
      ),
      openedByAgent: maybe(fc.constantFrom('at-once' as const, 'first-request' as const)),
      onChange: maybe(without(fc.record({ elapsed: mode, pauses: maybe(mode) }))),
      quietOutside: maybe(fc.constantFrom('office', 'desk')),
      catchUp: maybe(fc.constantFrom('highest' as const, 'all' as const)),
      refire: maybe(fc.boolean()),
    }) as fc.Arbitrary<Policy>,
  )

/** Two agreements: two policies of the one, one of the other. */
export const promises: fc.Arbitrary<readonly SlaPolicy[]> = fc
  .tuple(policyBody(undefined), policyBody(undefined), policyBody('ola'))
  .map((bodies) => bodies.map((body, n) => defineSlaPolicy({ id: `p${n}`, ...body })))

/** A fact as the tests hold it: what a host may send, or what Patronkit writes itself. */
export type Told = Omit<StoredFact, 'arrival'>

const ATTRIBUTES = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.record({ status: fc.constantFrom('open', 'waiting', 'pending', 'hold', 'solved') }) },
  { weight: 2, arbitrary: fc.record({ priority: fc.constantFrom('high', 'low', 'none') }) },
  { weight: 2, arbitrary: fc.record({ team: fc.constantFrom('G1', 'G2', null) }) },
  { weight: 2, arbitrary: fc.record({ tier: fc.constantFrom('gold', 'basic') }) },
  { weight: 1, arbitrary: fc.record({ emergency: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ zone: fc.constantFrom('America/New_York', 'Asia/Shanghai') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      promised: fc.integer({ min: 0, max: DAYS * 24 }).map((hours) => new Date(START + hours * HOUR).toISOString()),
    }),
  },
)

const plain = { author: null, visibility: null, channel: null, attributes: null, data: null, via: null }
type Kind = Omit<Told, 'id' | 'at'>

const hostFact: fc.Arbitrary<Kind> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ...fixed(plain),
      type: fc.constantFrom('customer-message', 'agent-reply', 'assigned', 'resolved', 'reopened', 'hold', 'unhold', 'spam', 'edited'),
      attributes: ATTRIBUTES,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...fixed(plain),
      type: fc.constant('message'),
      author: fc.constantFrom('customer' as const, 'third-party' as const, 'agent' as const, 'bot' as const, 'automation' as const),
      visibility: fc.constantFrom(null, 'public' as const, 'internal' as const),
      attributes: ATTRIBUTES,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...fixed(plain),
      type: fc.constant('created'),
      author: fc.constantFrom(null, 'customer' as const, 'agent' as const),
      attributes: ATTRIBUTES,
    }),
  },
)

/** What Patronkit writes down itself: dates agreed on and taken back, children that open and end. */
const ownFact: fc.Arbitrary<Kind> = fc.oneof(
  fc.record({
    ...fixed(plain),
    type: fc.constant('sla/due'),
    data: fc.record({
      agreement: fc.constant('sla'),
      metric: fc.constantFrom('resolution', 'first-reply', 'care'),
      dueAt: fc.option(
        fc.integer({ min: 0, max: DAYS * 24 }).map((hours) => START + hours * HOUR),
        { nil: null },
      ),
      reason: fc.constant('agreed by phone'),
    }),
  }),
  fc.record({ ...fixed(plain), type: fc.constant('sla/child'), data: fc.record({ child: fc.constant('ticket/T-9'), open: fc.boolean() }) }),
)

function fixed<T extends object>(of: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, fc.constant(value)])) as { [K in keyof T]: fc.Arbitrary<T[K]> }
}

const timelineOf = (kind: fc.Arbitrary<Kind>): fc.Arbitrary<readonly Told[]> =>
  fc.uniqueArray(fc.integer({ min: 0, max: DAYS * 24 * 60 }), { minLength: 1, maxLength: 16, size: 'max' }).chain((minutes) => {
    const first = Math.min(...minutes)
    return fc.tuple(
      ...minutes.map((minute, n) =>
        kind.map((of): Told => {
          const opens = minute === first && (of.type.startsWith('sla/') || n % 4 > 0)
          return { ...of, ...(opens ? { type: 'created', data: null } : {}), id: `f${n}`, at: START + minute * 60_000 }
        }),
      ),
    )
  })

/** Facts of one item at distinct minutes of three weeks, most often from its creation on. */
export const hostTimeline = timelineOf(hostFact)
export const timeline = timelineOf(fc.oneof({ weight: 9, arbitrary: hostFact }, { weight: 1, arbitrary: ownFact }))

export const booksFor = (policies: readonly SlaPolicy[]): Books =>
  bookOf({
    policies: [...policies].sort((a, b) => (a.body.order ?? 100) - (b.body.order ?? 100) || (a.id < b.id ? -1 : 1)),
    calendars: [office, desk],
  })

export const REF = { at: 0, knownAt: 0 }

export const inTime = (facts: readonly Told[]): readonly Told[] => [...facts].sort((a, b) => a.at - b.at)

/** A desk without a storage: it decides as the service does, and reads the past only where it has to. */
export function bareDesk(books: Books) {
  let state: ItemState | null = null
  const stored: StoredFact[] = []
  const events: Happened[] = []
  return {
    events,
    stored,
    state: (): ItemState => state!,
    record(given: Told): void {
      if (stored.some((known) => known.id === given.id)) return
      const fact: StoredFact = { ...given, arrival: stored.length + 1 }
      const about = { item, before: state, fresh: [fact], books, book: REF }
      const decide = (past: readonly StoredFact[] | null) => decideRecord({ ...about, past })
      const late = state !== null && fact.at < state.asOf
      const ruled = state !== null && Object.keys(state.attached).length > 0
      const decision =
        ruled && !late
          ? orWithPast(
              () => decide(null),
              () => decide(stored),
            )
          : decide(stored)
      stored.push(fact)
      state = decision.state
      events.push(...decision.events)
    },
    /** Time passes up to an instant, and is noticed then. */
    tick(until: number): void {
      const next = state && nextStepAt(state, books)
      if (!state || next === null || next > until) return
      const decision = decideTime(item, state, until, books)
      state = decision.state
      events.push(...decision.events)
    },
  }
}

function orWithPast<T>(first: () => T, second: () => T): T {
  try {
    return first()
  } catch (error) {
    if (error instanceof PastNeeded) return second()
    throw error
  }
}
