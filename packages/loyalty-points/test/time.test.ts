import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { type Command, type Programme, pointsAt, type Recorded, recount, statement } from '../src/index.ts'
import { given, opened, refused } from '../src/testing.ts'
import { cents, DAY, eur, moves, programmes, START, tell } from './histories.ts'
import { check, patience } from './settings.ts'

const programme: Programme = {
  currency: 'star',
  earn: [
    { points: 1, per: eur('1.00') },
    { points: 20, event: 'review' },
  ],
}
const expiring: Programme = { ...programme, expiry: { kind: 'exact', duration: { days: 60 } } }

/** 200 facts at random hours of half a year: orders, reviews, gifts, redemptions, over an opening balance that covers them. */
const facts = fc.array(
  fc.record({ hour: fc.integer({ min: 1, max: 24 * 180 }), kind: fc.nat(3), n: fc.integer({ min: 100, max: 9_000 }) }),
  {
    minLength: 200,
    maxLength: 200,
  },
)

const commandsOf = (list: readonly { hour: number; kind: number; n: number }[]): readonly Command[] =>
  list.map(({ hour, kind, n }, i): Command => {
    const at = START + hour * 3_600_000
    const id = `f${i}`
    if (kind === 0) return { type: 'redeem', id, at, points: n % 100 || 1 }
    if (kind === 1) return { type: 'earn', id, at, event: { type: 'review' } }
    if (kind === 2) return { type: 'grant', id, at, lots: [{ points: n }], reason: 'gift' }
    return { type: 'earn', id, at, order: { id, total: cents(n) } }
  })

const shuffled = <T>(of: readonly T[]) => fc.shuffledSubarray([...of], { minLength: of.length })
const runs = { ...check, numRuns: Math.max(25, Math.floor(check.numRuns / 20)) }
const opening: Command = { type: 'grant', id: 'opening', at: START, lots: [{ points: 30_000 }], reason: 'opening' }
const days = Array.from({ length: 190 }, (_, day) => START + day * DAY)

describe('the order of arrival', () => {
  test('any permutation of the same 200 events gives the same balance on each effective date', { timeout: patience }, () => {
    fc.assert(
      fc.property(
        facts.map(commandsOf).chain((all) => fc.tuple(fc.constant(all), shuffled(all))),
        ([inOrder, mixed]) => {
          const now = START + 200 * DAY
          const arrived = (list: readonly Command[]) => {
            const { events } = [opening, ...list].reduce(
              (story, command) => given(story, command, programme, { now }),
              opened(programme, START),
            )
            return days.map((day) =>
              pointsAt(
                events.map((event) => ({ event, recordedAt: now })),
                'star',
                day,
              ),
            )
          }
          expect(arrived(mixed)).toEqual(arrived(inOrder))
        },
      ),
      runs,
    )
    figure('permutations of 200 events with equal balances', runs.numRuns, 'permutations')
  })

  test('where points expire, the recount of any permutation is the history that arrived in time', { timeout: patience }, () => {
    fc.assert(
      fc.property(
        facts.map(commandsOf).chain((all) => fc.tuple(fc.constant(all), shuffled(all))),
        ([all, mixed]) => {
          const start = opened(expiring, START)
          const inTime = [opening, ...all].toSorted((a, b) => a.at - b.at || ('id' in a && 'id' in b && a.id < b.id ? -1 : 1))
          const story = inTime.reduce((so, command) => (refused(so, command, expiring) ? so : given(so, command, expiring)), start)
          const again = recount(start.state, [...mixed, opening], () => expiring)
          expect(again.state).toEqual(story.state)
          expect([...start.events, ...again.events]).toEqual(story.events)
        },
      ),
      runs,
    )
  })
})

describe('statements', () => {
  test('opening, corrections and movements make the closing, one statement goes on from the other, and a closed one stays as it is', {
    timeout: patience,
  }, () => {
    fc.assert(
      fc.property(moves, fc.constantFrom(...Object.values(programmes)), (list, of) => {
        const told = tell(list, of)
        const recorded: Recorded[] = []
        // each event is written down when its command is decided
        for (const step of told.steps) for (const event of step.events) recorded.push({ event, recordedAt: step.now })
        const [a, b, c] = [START, START + Math.floor((told.now - START) / 2), told.now + 1]
        const first = statement(recorded, { currency: 'star', from: a, to: b, closedBefore: a - 1, closedAt: b })
        const sum = (lines: readonly { points: number }[]) => lines.reduce((all, line) => all + line.points, 0)
        expect(first.closing).toBe(first.opening + sum(first.corrections) + sum(first.movements))
        const early = recorded.filter((one) => one.recordedAt <= b)
        expect(JSON.stringify(statement(early, { currency: 'star', from: a, to: b, closedBefore: a - 1, closedAt: b }))).toBe(
          JSON.stringify(first),
        )
        const second = statement(recorded, { currency: 'star', from: b, to: c, closedBefore: b, closedAt: told.now })
        expect(second.opening).toBe(first.closing)
        const lots = told.state.lots.reduce((all, lot) => all + (lot.currency === 'star' ? lot.remaining : 0), 0)
        expect(second.closing).toBe(lots - (told.state.debts.star ?? 0))
      }),
      check,
    )
  })

  test('what arrives late stands in the next statement as a correction, and both times can be asked for', () => {
    const [jan, feb, mar] = [START, START + 22 * DAY, START + 50 * DAY]
    const story = given(opened(programme, jan), { type: 'grant', id: 'g', at: jan, lots: [{ points: 100 }], reason: 'x' }, programme)
    const late = given(story, { type: 'earn', id: 'e', at: jan + DAY, event: { type: 'review' } }, programme, { now: feb + DAY })
    const recorded = late.events.map((event, i) => ({ event, recordedAt: i < story.events.length ? jan : feb + DAY }))
    expect(statement(recorded, { currency: 'star', from: jan, to: feb, closedBefore: jan - 1, closedAt: feb }).closing).toBe(100)
    const next = statement(recorded, { currency: 'star', from: feb, to: mar, closedBefore: feb, closedAt: mar })
    expect(next).toMatchObject({ opening: 100, corrections: [{ at: jan + DAY, points: 20 }], movements: [], closing: 120 })
    expect([pointsAt(recorded, 'star', jan + 2 * DAY, feb), pointsAt(recorded, 'star', jan + 2 * DAY)]).toEqual([100, 120])
  })
})
