import fc from 'fast-check'
import type { ClockView } from '../src/index.ts'
import type { CountedItem } from '../src/report.ts'

export const HOUR = 3_600_000
const START = Date.UTC(2025, 11, 20)

/** A clock with what a test does not care about filled in. */
export function clockOf(i: Partial<ClockView> = {}): ClockView {
  const startedAt = i.startedAt ?? new Date(Date.UTC(2026, 2, 2, 9))
  const targetMs = i.targetMs === undefined ? 4 * HOUR : i.targetMs
  const workedMs = i.workedMs ?? HOUR
  const state = i.state ?? 'met'
  const stopped = state === 'met' || state === 'stopped' || state === 'breached'
  return {
    agreement: 'sla',
    metric: 'resolution',
    cycle: 1,
    party: null,
    policy: { id: 'gold', version: 1 },
    state,
    startedAt,
    stoppedAt: stopped ? new Date(startedAt.getTime() + workedMs) : null,
    dueAt: state === 'running' && targetMs !== null ? new Date(startedAt.getTime() + targetMs) : null,
    breachedAt: state === 'breached' ? new Date(startedAt.getTime() + (targetMs ?? 0) + 1) : null,
    targetMs,
    workedMs,
    leftMs: targetMs === null ? null : targetMs - workedMs,
    ...i,
  }
}

export const itemOf = (
  id: string,
  clocks: readonly ClockView[],
  attributes: CountedItem['attributes'] = {},
  openedAt?: Date,
): CountedItem => ({
  item: { type: 'ticket', id },
  attributes,
  openedAt: openedAt ?? clocks[0]?.startedAt ?? new Date(START),
  clocks,
})

const instant = fc.integer({ min: 0, max: 130 * 24 * 60 }).map((minutes) => new Date(START + minutes * 60_000))

const clock: fc.Arbitrary<ClockView> = fc
  .record({
    metric: fc.constantFrom('first-reply', 'resolution'),
    agreement: fc.constantFrom('sla', 'ola'),
    party: fc.constantFrom(null, 'north', 'south'),
    cycle: fc.integer({ min: 1, max: 3 }),
    policy: fc.record({ id: fc.constantFrom('gold', 'iron'), version: fc.integer({ min: 1, max: 2 }) }),
    state: fc.constantFrom('running', 'paused', 'met', 'breached', 'stopped', 'cancelled') as fc.Arbitrary<ClockView['state']>,
    startedAt: instant,
    workedMs: fc.integer({ min: 0, max: 40 * HOUR }),
    targetMs: fc.integer({ min: 1, max: 20 * HOUR }),
  })
  .map(({ workedMs, targetMs, state, ...rest }) => {
    const worked = state === 'met' ? Math.min(workedMs, targetMs) : state === 'breached' ? targetMs + workedMs : workedMs
    return clockOf({ ...rest, state, workedMs: worked, targetMs: state === 'stopped' ? null : targetMs })
  })

/** Items with every kind of clock, opened over winter and into summer time. */
export const items: fc.Arbitrary<readonly CountedItem[]> = fc
  .array(
    fc
      .record({
        openedAt: instant,
        clocks: fc.array(clock, { maxLength: 5 }),
        attributes: fc.record(
          { priority: fc.constantFrom('P1', 'P2', 'P10', 3), customer: fc.constantFrom('acme', 'umbra', null), vip: fc.boolean() },
          { requiredKeys: [] },
        ),
      })
      .map(({ openedAt, clocks, attributes }) => itemOf('x', clocks, attributes, openedAt)),
    { maxLength: 40 },
  )
  .map((all) => all.map((one, n) => ({ ...one, item: { type: 'ticket', id: `T-${n}` } })))
