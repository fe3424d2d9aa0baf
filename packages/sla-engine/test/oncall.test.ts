import type { Instant } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { defineRotation, type Layer, listGaps, listOnCall, type Override, onCall } from '../src/oncall.ts'

const DAY = 86_400_000
const weekly: Layer = { id: 'first', people: ['ann', 'bo', 'chen'], starts: '2026-01-05', handOver: '09:00', every: { weeks: 1 } }
const night = defineRotation({ id: 'night', zone: 'Europe/Rome', layers: [weekly] })
const first = (at: Instant, rotation = night) => onCall({ rotation, at })[0]!

describe('a weekly rotation', () => {
  test('hands over on Monday at nine, to the one who takes over', () => {
    expect(first('2026-01-12T08:59:59.999+01:00')).toMatchObject({ person: 'ann', until: new Date('2026-01-12T08:00:00Z') })
    expect(first('2026-01-12T09:00:00+01:00')).toMatchObject({ person: 'bo', from: new Date('2026-01-12T08:00:00Z'), because: 'turn' })
    expect(first('2026-01-26T09:00:00+01:00').person).toBe('ann')
  })

  test('hands over at nine by the clock on the wall when clocks are put forward', () => {
    const turn = first('2026-03-28T12:00:00+01:00')
    expect([turn.from!.toISOString(), turn.until.toISOString()]).toEqual(['2026-03-23T08:00:00.000Z', '2026-03-30T07:00:00.000Z'])
    expect(turn.until.getTime() - turn.from!.getTime()).toBe(7 * DAY - 3_600_000)
  })

  test('before it begins nobody is on call', () => {
    expect(first('2026-01-01T00:00:00Z')).toEqual({
      layer: 'first',
      person: null,
      from: null,
      until: new Date('2026-01-05T08:00:00Z'),
      because: 'before-start',
    })
  })

  test('a hand-over in the hour that a change of clocks leaves out is moved by it; in the hour that comes twice it is the first', () => {
    const early = { ...weekly, starts: '2026-03-29' as const, handOver: '02:30', every: { days: 1 } }
    expect(first('2026-03-29T01:30:00Z', defineRotation({ id: 'r', zone: 'Europe/Rome', layers: [early] })).from).toEqual(
      new Date('2026-03-29T01:30:00Z'),
    )
    const twice = defineRotation({ id: 'r', zone: 'Europe/Rome', layers: [{ ...early, starts: '2026-10-24' }] })
    expect(first('2026-10-25T01:45:00Z', twice).from).toEqual(new Date('2026-10-25T00:30:00Z'))
    expect(first('2026-10-25T00:29:59Z', twice).person).toBe('ann')
  })
})

describe('overrides', () => {
  const standIn = (...overrides: readonly Override[]) => defineRotation({ id: 'night', zone: 'Europe/Rome', layers: [weekly], overrides })

  test('win over the turn, from their first instant to before their last', () => {
    const rotation = standIn({ layer: 'first', from: '2026-01-06T18:00:00Z', to: '2026-01-07T08:00:00Z', person: 'dee' })
    expect(first('2026-01-06T17:59:59Z', rotation)).toMatchObject({ person: 'ann', until: new Date('2026-01-06T18:00:00Z') })
    expect(first('2026-01-06T18:00:00Z', rotation)).toMatchObject({
      person: 'dee',
      because: 'override',
      until: new Date('2026-01-07T08:00:00Z'),
    })
    expect(first('2026-01-07T08:00:00Z', rotation)).toMatchObject({
      person: 'ann',
      from: new Date('2026-01-07T08:00:00Z'),
      until: new Date('2026-01-12T08:00:00Z'),
    })
  })

  test('of two that overlap the one listed last holds', () => {
    const [from, to] = ['2026-01-06T00:00:00Z', '2026-01-08T00:00:00Z']
    const rotation = standIn(
      { layer: 'first', from, to, person: 'dee' },
      { layer: 'first', from: '2026-01-07T00:00:00Z', to, person: 'eve' },
    )
    expect([first(from, rotation).person, first('2026-01-07T12:00:00Z', rotation).person]).toEqual(['dee', 'eve'])
  })

  test('nobody is a gap, and gaps are named', () => {
    const rotation = standIn({ layer: 'first', from: '2026-01-06T00:00:00Z', to: '2026-01-07T00:00:00Z', person: null })
    const gaps = listGaps({ rotation, from: '2026-01-05T00:00:00Z', to: '2026-02-01T00:00:00Z' })
    expect(gaps.map(({ because, until }) => [because, until.toISOString()])).toEqual([
      ['before-start', '2026-01-05T08:00:00.000Z'],
      ['override', '2026-01-07T00:00:00.000Z'],
    ])
  })
})

describe('a definition', () => {
  test.each([
    ['zone', { zone: 'Europe/Atlantis' }],
    ['layers.0.handOver', { layers: [{ ...weekly, handOver: '24:00' }] }],
    ['layers.0.starts', { layers: [{ ...weekly, starts: '2026-02-30' as const }] }],
    ['layers.0.people', { layers: [{ ...weekly, people: [] }] }],
    ['layers.1.id', { layers: [weekly, weekly] }],
    ['overrides.0.layer', { overrides: [{ layer: 'second', from: 1e12, to: 2e12, person: 'x' }] }],
    ['overrides.0.to', { overrides: [{ layer: 'first', from: 2e12, to: 1e12, person: 'x' }] }],
  ])('is refused at %s', (path, wrong) => {
    expect(() => defineRotation({ id: 'night', zone: 'Europe/Rome', layers: [weekly], ...wrong })).toThrow(
      new RegExp(`${path.replaceAll('.', '\\.')}:`),
    )
  })

  test('an instant without an offset, and one beyond the rules of zones, are refused', () => {
    expect(() => first('2026-01-01T00:00:00')).toThrow(/core\/instant-without-offset/)
    expect(() => first(new Date(8e15))).toThrow(/core\/invalid-input/)
  })
})

describe('laws', () => {
  const FROM = Date.UTC(2025, 0, 1)
  const instant = fc.integer({ min: 0, max: 3 * 365 * 24 * 60 }).map((minutes) => FROM + minutes * 60_000)
  const layer = (id: string): fc.Arbitrary<Layer> =>
    fc.record({
      id: fc.constant(id),
      people: fc.array(fc.constantFrom('ann', 'bo', 'chen', null), { minLength: 1, maxLength: 5 }),
      starts: fc.constantFrom('2025-01-01', '2025-03-29', '2025-10-25', '2026-06-15'),
      handOver: fc.constantFrom('00:00', '00:30', '02:30', '09:00', '23:59'),
      every: fc.oneof(fc.record({ days: fc.integer({ min: 1, max: 9 }) }), fc.record({ weeks: fc.integer({ min: 1, max: 3 }) })),
    })
  const override: fc.Arbitrary<Override> = fc
    .record({
      layer: fc.constantFrom('first', 'second'),
      from: instant,
      length: fc.integer({ min: 1, max: 30 * DAY }),
      person: fc.constantFrom('dee', null),
    })
    .map(({ length, from, ...rest }) => ({ ...rest, from, to: from + length }))
  const rotation = fc
    .record({
      zone: fc.constantFrom('Europe/Rome', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
      layers: fc.tuple(layer('first'), layer('second')),
      overrides: fc.array(override, { maxLength: 6 }),
    })
    .map((body) => ({ body, definition: defineRotation({ id: 'r', ...body }) }))

  test('each layer answers once, inside its stretch; the whole stretch answers the same, and behind it the next begins', () => {
    fc.assert(
      fc.property(rotation, instant, fc.double({ min: 0, max: 1, noNaN: true }), ({ definition }, at, part) => {
        const answers = onCall({ rotation: definition, at })
        expect(answers.map(({ layer: id }) => id)).toEqual(['first', 'second'])
        for (const [n, answer] of answers.entries()) {
          const from = answer.from?.getTime() ?? at - DAY
          const until = answer.until.getTime()
          expect(from <= at && at < until).toBe(true)
          const inside = Math.floor(from + part * (until - 1 - from))
          expect(onCall({ rotation: definition, at: inside })[n]).toEqual(answer)
          expect(onCall({ rotation: definition, at: until })[n]!.from?.getTime()).toBe(until)
        }
      }),
      runs(20_000, 'random rotations asked at random instants'),
    )
  })

  test('overrides win, the last listed first; without one it is the turn that a walk over local hand-overs finds', () => {
    fc.assert(
      fc.property(rotation, instant, ({ body, definition }, at) => {
        for (const answer of onCall({ rotation: definition, at })) {
          const stands = body.overrides.filter((one) => one.layer === answer.layer && +one.from <= at && at < +one.to).at(-1)
          const own = body.layers.find(({ id }) => id === answer.layer)!
          expect([answer.because === 'override', answer.person]).toEqual([
            stands !== undefined,
            stands ? stands.person : walked(own, body.zone, at),
          ])
        }
      }),
      runs(600, 'random rotations walked turn by turn'),
    )
  })

  test('the list of stretches has no gap and no overlap', () => {
    fc.assert(
      fc.property(rotation, instant, fc.integer({ min: 1, max: 100 * DAY }), ({ definition }, from, length) => {
        const list = listOnCall({ rotation: definition, from, to: from + length })
        for (const stretches of Map.groupBy(list, ({ layer: id }) => id).values()) {
          for (const [n, stretch] of stretches.slice(1).entries()) expect(stretch.from).toEqual(stretches[n]!.until)
          expect(+stretches.at(-1)!.until >= from + length).toBe(true)
        }
      }),
      runs(2_000, 'random spans of random rotations listed'),
    )
  })
})

/** Hand-over by hand-over from the start, each found by asking Intl which instant shows its wall time. */
function walked(layer: Layer, zone: string, at: number): string | null {
  const days = 'weeks' in layer.every ? layer.every.weeks * 7 : layer.every.days
  const wallAt = (ms: number) => {
    const parts = Object.fromEntries(
      format(zone)
        .formatToParts(ms)
        .map(({ type, value }) => [type, value]),
    )
    return Date.UTC(+parts.year!, +parts.month! - 1, +parts.day!, +parts.hour!, +parts.minute!)
  }
  let person: string | null = null
  for (let turn = 0; ; turn++) {
    const wall = Date.parse(`${layer.starts}T${layer.handOver}:00Z`) + turn * days * DAY
    if (wall - DAY > at) return person
    // the first minute whose wall time is that one, or has jumped over it
    let begins = wall - DAY
    for (const step of [3_600_000, 60_000]) while (wallAt(begins + step) < wall && begins < wall + DAY) begins += step
    begins += 60_000
    // a time that was left out is read with the offset of before, so it moves forward by the gap
    if (wallAt(begins) > wall) begins = wall - (wallAt(begins - 60_000) - (begins - 60_000))
    if (begins > at) return person
    person = layer.people[turn % layer.people.length]!
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()
function format(zone: string): Intl.DateTimeFormat {
  let known = formats.get(zone)
  if (!known) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    formats.set(zone, known)
  }
  return known
}
