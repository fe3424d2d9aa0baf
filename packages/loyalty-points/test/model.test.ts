import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { balanceAt, type Command, decide, type Programme } from '../src/index.ts'
import { opened } from '../src/testing.ts'
import { DAY, START } from './histories.ts'
import { check, patience } from './settings.ts'

/** One point, on its own: the model knows no lots, no sums and no events. */
interface Point {
  readonly from: string
  readonly availableAt: number
  readonly expiresAt: number
  by: 'free' | 'gone' | `hold ${string}` | `spent ${string}`
}

/** A shoebox of points, turned over one by one. */
class Shoebox {
  readonly points: Point[] = []
  readonly holds = new Map<string, { ends: number; open: boolean }>()

  pass(until: number): void {
    const ends = [...this.holds.entries()].filter(([, hold]) => hold.open && hold.ends <= until).sort((a, b) => a[1].ends - b[1].ends)
    for (const [id, hold] of ends) {
      hold.open = false
      for (const point of this.points) if (point.by === `hold ${id}`) point.by = 'free'
    }
    for (const point of this.points) if (point.by === 'free' && point.expiresAt <= until) point.by = 'gone'
  }

  usable(now: number): Point[] {
    const free = this.points.filter((point) => point.by === 'free' && point.availableAt <= now)
    return free.sort((a, b) => a.expiresAt - b.expiresAt || (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  }

  take(n: number, now: number, as: Point['by']): boolean {
    const usable = this.usable(now)
    if (usable.length < n) return false
    for (const point of usable.slice(0, n)) point.by = as
    return true
  }
}

const programme: Programme = {
  currency: 'star',
  earn: [{ points: 7, event: 'visit' }],
  pending: { for: { days: 2 } },
  expiry: { kind: 'exact', duration: { days: 20 } },
}

const step = fc.record({
  what: fc.constantFrom('visit', 'grant', 'deduct', 'hold', 'capture', 'release', 'redeem', 'reverse', 'wait'),
  minutes: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 600 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  ),
  n: fc.integer({ min: 1, max: 25 }),
  pick: fc.nat(20),
})

/** Does a step to the box, and says whether the box could; null where the step has nothing to act on. */
function act(
  box: Shoebox,
  s: { what: string; n: number; pick: number },
  id: string,
  now: number,
): { command: Command; can: boolean } | null {
  const add = (n: number, availableAt: number, expiresAt: number) => {
    for (let i = 0; i < n; i++) box.points.push({ from: id, availableAt, expiresAt, by: 'free' })
    return true
  }
  const holds = [...box.holds.keys()]
  const hold = holds[s.pick % Math.max(1, holds.length)]
  const spends = [...new Set(box.points.flatMap(({ by }) => (by.startsWith('spent ') ? [by.slice(6)] : [])))]
  const spend = spends[s.pick % Math.max(1, spends.length)]
  switch (s.what) {
    case 'visit':
      return { command: { type: 'earn', id, at: now, event: { type: 'visit' } }, can: add(7, now + 2 * DAY, now + 20 * DAY) }
    case 'grant': {
      const expiresAt = now + s.pick * DAY + 1
      return { command: { type: 'grant', id, at: now, lots: [{ points: s.n, expiresAt }], reason: 'x' }, can: add(s.n, now, expiresAt) }
    }
    case 'deduct':
      return { command: { type: 'deduct', id, at: now, points: s.n, reason: 'x' }, can: box.take(s.n, now, 'gone') }
    case 'redeem':
      return { command: { type: 'redeem', id, at: now, points: s.n }, can: box.take(s.n, now, `spent ${id}`) }
    case 'hold': {
      const until = now + (1 + s.pick) * 3_600_000
      const can = box.take(s.n, now, `hold ${id}`)
      if (can) box.holds.set(id, { ends: until, open: true })
      return { command: { type: 'hold', id, at: now, points: s.n, until }, can }
    }
    case 'capture':
    case 'release': {
      if (hold === undefined) return null
      const of = box.holds.get(hold)!
      const held = box.points.filter((point) => point.by === `hold ${hold}`)
      const command: Command =
        s.what === 'release' ? { type: 'release', at: now, hold } : { type: 'capture', id, at: now, hold, points: s.n }
      if (!of.open || (s.what === 'capture' && s.n > held.length)) return { command, can: false }
      of.open = false
      // the points that a hold took first are the first to be spent
      held.sort((a, b) => a.expiresAt - b.expiresAt || (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
      for (const [i, point] of held.entries()) point.by = s.what === 'capture' && i < s.n ? `spent ${id}` : 'free'
      return { command, can: true }
    }
    case 'reverse': {
      if (spend === undefined) return null
      const spent = box.points.filter((point) => point.by === `spent ${spend}`)
      const can = s.n <= spent.length
      // the last taken come back first
      spent.sort((a, b) => b.expiresAt - a.expiresAt || (a.from < b.from ? 1 : a.from > b.from ? -1 : 0))
      if (can) for (const point of spent.slice(0, s.n)) point.by = 'free'
      return { command: { type: 'reverse', id, at: now, posting: spend, points: s.n }, can }
    }
    default:
      return { command: { type: 'pass-time', at: now }, can: true }
  }
}

test('the ledger and a shoebox of single points agree after every command, and on what each one answers (T1)', {
  timeout: patience,
}, () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 50, size: 'max' }), (steps) => {
      const box = new Shoebox()
      let { state } = opened(programme, START)
      let now = START
      for (const [i, s] of steps.entries()) {
        now += s.minutes * 60_000
        box.pass(now)
        const acted = act(box, s, `p${String(i).padStart(2, '0')}`, now)
        if (!acted) continue
        box.pass(now)
        const decision = decide(acted.command, state, { now, programme })
        expect([acted.command, decision.outcome]).toEqual([acted.command, acted.can ? 'accepted' : 'rejected'])
        if (decision.outcome === 'accepted') state = decision.state
        const { available, held, pending } = balanceAt(state, programme, now)
        const count = (is: (point: Point) => boolean) => box.points.filter(is).length
        expect({ available, held, pending }).toEqual({
          available: box.usable(now).length,
          held: count(({ by }) => by.startsWith('hold ')),
          pending: count((point) => point.by === 'free' && point.availableAt > now),
        })
      }
    }),
    check,
  )
  figure('histories of up to 50 commands against a model of single points', check.numRuns, 'histories')
})
