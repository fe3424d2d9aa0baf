import { type Add, get, headOf, NO_HEAD, type Row, type Storage, type Unit } from '@patronkit/core/storage'
import { same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { counters, headAfter, KIND, lots, unitOf } from './sample.ts'

const row: Row = { account: 'a', no: 1, left: 5 }
const taken = { outcome: 'taken', table: lots.name, key: { account: 'a', no: 1 } }
const give = (by: number, bounds: Pick<Add, 'min' | 'max'> = {}, column = 'given'): Add => ({
  table: counters,
  key: { day: 'today' },
  column,
  by,
  ...bounds,
})
const outOf = (found: number, column = 'given') => ({
  outcome: 'out-of-bounds',
  table: counters.name,
  key: { day: 'today' },
  column,
  found,
})
const counter = (storage: Storage) => readOne(storage, get(counters, { day: 'today' }))

/** Rows that must not be there yet, and counters with bounds. */
export const guardFacts: Facts = ({ fact }) => {
  fact('a unique row goes in once; the second unit is told that it is taken, and writes nothing', async (storage) => {
    await done(storage, unitOf({ subject: 'a', unique: [{ table: lots, row }] }))
    const again = unitOf({
      subject: 'b',
      unique: [{ table: lots, row: { ...row, left: 9 } }],
      timers: [{ timer: 'set', queue: 'q', key: 'k', dueAt: 1 }],
    })
    same(await storage.commit([again]), [taken], 'the answer')
    same(await storage.read('acme', [get(lots, row), headOf(KIND, 'b')]), [row, NO_HEAD], 'what is there')
    same(await storage.nextDue(['q']), null, 'no timer')
    await done(storage, unitOf({ tenant: 'other', subject: 'a', unique: [{ table: lots, row }] }))
  })

  fact('a conflict is told before a row that is taken, and a bound before it too', async (storage) => {
    await done(storage, unitOf({ subject: 'a', unique: [{ table: lots, row }] }))
    const stale = unitOf({ subject: 'a', unique: [{ table: lots, row }] })
    same(await storage.commit([stale]), [{ outcome: 'conflict', subject: `${KIND} a`, found: 1 }], 'a stale head')
    const both = unitOf({ subject: 'c', unique: [{ table: lots, row }], adds: [give(2, { max: 1 })] })
    same(await storage.commit([both]), [outOf(0)], 'a bound')
  })

  fact('a counter begins at nought, adds up, and never passes its bounds', async (storage) => {
    await done(storage, unitOf({ subject: 'a', adds: [give(300, { max: 500 })] }))
    same(await counter(storage), { day: 'today', given: 300, taken: 0 }, 'begun')
    same(await storage.commit([unitOf({ subject: 'b', adds: [give(201, { max: 500 })] })]), [outOf(300)], 'past the cap')
    await done(storage, unitOf({ subject: 'b', adds: [give(200, { max: 500 })] }))
    same(await storage.commit([unitOf({ subject: 'c', adds: [give(-501, { min: 0 })] })]), [outOf(500)], 'below nought')
    await done(storage, unitOf({ subject: 'c', adds: [give(-500, { min: 0 })] }))
    same(await counter(storage), { day: 'today', given: 0, taken: 0 }, 'given back')
    const most = Number.MAX_SAFE_INTEGER
    await done(storage, unitOf({ subject: 'd', adds: [give(most)] }))
    same(await storage.commit([unitOf({ subject: 'e', adds: [give(1)] })]), [outOf(most)], 'past what can be counted')
  })

  fact('when a guard does not hold, no add is written', async (storage) => {
    const first = unitOf({ subject: 'a', adds: [give(5)], unique: [{ table: lots, row }] })
    await done(storage, first)
    const late = unitOf({ subject: 'a', adds: [give(5)] })
    const twice = unitOf({ subject: 'a', from: headAfter(first), adds: [give(5)], unique: [{ table: lots, row }] })
    same(await storage.commit([late, twice]), [{ outcome: 'conflict', subject: `${KIND} a`, found: 1 }, taken], 'the answers')
    same(await counter(storage), { day: 'today', given: 5, taken: 0 }, 'the counter')
  })

  fact('one unit adds to several counters of one row, and all of them hold or none', async (storage) => {
    await done(storage, unitOf({ subject: 'a', adds: [give(5), give(7, {}, 'taken')] }))
    same(await counter(storage), { day: 'today', given: 5, taken: 7 }, 'both')
    same(
      await storage.commit([unitOf({ subject: 'b', adds: [give(1), give(1, { max: 7 }, 'taken')] })]),
      [outOf(7, 'taken')],
      'one too many',
    )
    same(await counter(storage), { day: 'today', given: 5, taken: 7 }, 'neither')
  })

  fact('units of one commit share a cap: together they reach it and do not pass it', async (storage) => {
    const units: Unit[] = Array.from({ length: 20 }, (_, i) => unitOf({ subject: `s${i}`, adds: [give(50, { max: 500 })] }))
    const answers = await storage.commit(units)
    same(answers.filter((answer) => answer.outcome === 'done').length, 10, 'how many went through')
    same(await counter(storage), { day: 'today', given: 500, taken: 0 }, 'the counter')
  })

  fact('a unit needs no head: a counter alone is a whole unit', async (storage) => {
    const alone: Unit = { tenant: 'acme', heads: [], writes: [], events: [], timers: [], adds: [give(3)] }
    same(await storage.commit([alone, alone]), [{ outcome: 'done' }, { outcome: 'done' }], 'the answers')
    same(await counter(storage), { day: 'today', given: 6, taken: 0 }, 'the counter')
  })
}
