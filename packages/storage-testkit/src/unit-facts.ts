import { get, headOf, NO_HEAD, type Row, type Storage, type Unit, type Write } from '@patronkit/core/storage'
import { refused, same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { happened, headAfter, KIND, lots, moved, unitOf } from './sample.ts'

const lot = (no: number, left: number): Row => ({ account: 'a', no, left })
const insert = (no: number, left = 1): Write => ({ write: 'insert', table: lots, row: lot(no, left) })
const key = (no: number): Row => ({ account: 'a', no })
const all = (storage: Storage) =>
  storage.read(
    'acme',
    [1, 2, 3].map((no) => get(lots, key(no))),
  )

/** Units stand or fall as a whole, and apart from one another. */
export const unitFacts: Facts = ({ fact }) => {
  fact('a unit inserts, puts, changes and removes rows', async (storage) => {
    const first = unitOf({ subject: 'a', writes: [insert(1), insert(2), { write: 'put', table: lots, row: lot(3, 3) }] })
    await done(storage, first)
    const writes: Write[] = [
      { write: 'change', table: lots, key: key(1), set: { left: 7 } },
      { write: 'remove', table: lots, key: key(2) },
      { write: 'put', table: lots, row: lot(3, 9) },
    ]
    await done(storage, unitOf({ subject: 'a', from: headAfter(first), writes }))
    same(await all(storage), [lot(1, 7), null, lot(3, 9)], 'the rows')
  })

  fact('the head of a subject nobody has written is NO_HEAD, and its first unit inserts it', async (storage) => {
    same(await readOne(storage, headOf(KIND, 'new')), NO_HEAD, 'before')
    const unit = unitOf({ subject: 'new' })
    await done(storage, unit)
    same(await readOne(storage, headOf(KIND, 'new')), headAfter(unit), 'after')
    same(await storage.commit([unit]), [{ outcome: 'conflict', subject: `${KIND} new`, found: 1 }], 'a second first unit')
    const early = unitOf({ subject: 'never', from: { ...NO_HEAD, version: 3 } })
    same(await storage.commit([early]), [{ outcome: 'conflict', subject: `${KIND} never`, found: 0 }], 'a move of a head that is not there')
  })

  const kinds: readonly (readonly [string, Partial<Unit>])[] = [
    ['insert', { writes: [insert(9)] }],
    ['put', { writes: [{ write: 'put', table: lots, row: lot(1, 99) }] }],
    ['change', { writes: [{ write: 'change', table: lots, key: key(1), set: { left: 99 } }] }],
    ['removal', { writes: [{ write: 'remove', table: lots, key: key(1) }] }],
    ['timer', { timers: [{ timer: 'set', queue: 'q', key: 'k', dueAt: 1 }] }],
    ['event', {}],
  ]
  for (const [name, part] of kinds) {
    fact(`when the last of several heads does not hold, no ${name} is written`, async (storage) => {
      await done(storage, unitOf({ subject: 'a', writes: [insert(1, 5)] }), unitOf({ subject: 'b' }))
      const whole = unitOf({ subject: 'fresh', also: [moved('b', NO_HEAD)], happened: [happened(1)] })
      same(await storage.commit([{ ...whole, ...part }]), [{ outcome: 'conflict', subject: `${KIND} b`, found: 1 }], 'the answer')
      same(
        await storage.read('acme', [
          headOf(KIND, 'fresh'),
          get(lots, key(1)),
          get(lots, key(9)),
          { read: 'events', kind: KIND, subject: 'fresh', after: 0, limit: 9 },
        ]),
        [NO_HEAD, lot(1, 5), null, []],
        'nothing is written',
      )
      same(await storage.nextDue(['q']), null, 'no timer')
    })
  }

  fact('two units on one head in one commit: the first goes through, the second conflicts', async (storage) => {
    const first = unitOf({ subject: 'a', writes: [insert(1)] })
    const second = unitOf({ subject: 'a', writes: [insert(2)] })
    same(
      await storage.commit([first, second]),
      [{ outcome: 'done' }, { outcome: 'conflict', subject: `${KIND} a`, found: 1 }],
      'the answers',
    )
    same(await all(storage), [lot(1, 1), null, null], 'the rows')
  })

  fact('a later unit of a commit sees what an earlier one wrote', async (storage) => {
    const first = unitOf({ subject: 'a', writes: [insert(1)] })
    const second = unitOf({
      subject: 'a',
      from: headAfter(first),
      writes: [{ write: 'change', table: lots, key: key(1), set: { left: 8 } }],
    })
    await done(storage, first, second)
    same(await all(storage), [lot(1, 8), null, null], 'the rows')
  })

  fact('a unit over several heads moves them all', async (storage) => {
    const one = unitOf({ subject: 'a' })
    await done(storage, one)
    await done(storage, unitOf({ subject: 'a', from: headAfter(one), also: [moved('b'), moved('c')] }))
    const heads = (await storage.read(
      'acme',
      ['a', 'b', 'c'].map((subject) => headOf(KIND, subject)),
    )) as { version: number }[]
    same(
      heads.map((head) => head.version),
      [2, 1, 1],
      'the versions',
    )
  })

  fact('of 100 units in one commit those that hold go through and the others write nothing', async (storage) => {
    await done(storage, ...Array.from({ length: 10 }, (_, i) => unitOf({ subject: `s${i * 10}` })))
    const units = Array.from({ length: 100 }, (_, i) =>
      unitOf({
        subject: `s${i}`,
        writes: [{ write: 'insert', table: lots, row: { account: `s${i}`, no: 1, left: i } }],
        happened: [happened(i)],
      }),
    )
    const answers = await storage.commit(units)
    for (const [i, answer] of answers.entries()) {
      const stale = i % 10 === 0
      same(answer, stale ? { outcome: 'conflict', subject: `${KIND} s${i}`, found: 1 } : { outcome: 'done' }, `unit ${i}`)
      const row = await readOne(storage, get(lots, { account: `s${i}`, no: 1 }))
      same(row, stale ? null : { account: `s${i}`, no: 1, left: i }, `the row of unit ${i}`)
    }
    same(await storage.commit([]), [], 'no units, no answers')
  })

  fact('writing on rows nobody read is refused, and the whole commit with it', async (storage) => {
    await done(storage, unitOf({ subject: 'a', writes: [insert(1, 5)] }))
    const change = (no: number): Write => ({ write: 'change', table: lots, key: key(no), set: { left: 6 } })
    const attempts: readonly (readonly [string, ...Write[]])[] = [
      ['storage/row-exists', insert(1, 6)],
      ['storage/row-missing', change(2)],
      ['storage/row-missing', change(1), change(2)],
      ['storage/row-missing', { write: 'remove', table: lots, key: key(2) }],
    ]
    for (const [code, ...writes] of attempts) {
      const good = unitOf({ subject: 'good', writes: [insert(3)] })
      await refused(() => storage.commit([good, unitOf({ subject: 'bad', writes })]), code, code)
      same(await all(storage), [lot(1, 5), null, null], 'the rows')
      same(await readOne(storage, headOf(KIND, 'good')), NO_HEAD, 'the head of the unit before it')
    }
  })
}
