import { all, eventsOf, field, get, headOf, list, NO_HEAD, type Row } from '@patronkit/core/storage'
import { check, codeOf, refused, same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { KIND, lots, thing, things, unitOf } from './sample.ts'

const MOST = Number.MAX_SAFE_INTEGER

/** What goes into a column comes out of it, or is refused. */
export const columnFacts: Facts = ({ fact }) => {
  fact('every type of column gives back what it was given', async (storage) => {
    const rows = [
      thing('full', {
        name: 'Zoë "O\'Hara" 😀\n',
        amount: MOST,
        at: -MOST,
        open: true,
        price: '12345678901234567890.10',
        extra: { b: [1, null, 'x'], a: 1e21 },
      }),
      thing('other', { name: '', amount: 0, at: 1, open: false, price: '-0.00', extra: [] }),
      thing('scalars', { extra: 'text' }),
      thing('number', { extra: 0.1 }),
      thing('false', { extra: false }),
      thing('none'),
    ]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    for (const row of rows) same(await readOne(storage, get(things, { id: row.id! })), row, `row ${row.id}`)
  })

  fact('an integer beyond ±(2^53−1) or with a fraction is refused and nothing is written', async (storage) => {
    for (const amount of [MOST + 1, -MOST - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const unit = unitOf({ subject: 'a', writes: [{ write: 'put', table: things, row: thing('x', { amount }) }] })
      await refused(() => storage.commit([unit]), `an amount of ${amount}`)
    }
    same(await storage.read('acme', [get(things, { id: 'x' }), headOf(KIND, 'a')]), [null, NO_HEAD], 'nothing is there')
  })

  fact('hostile texts come back as they are, or are refused whole', async (storage) => {
    const hostile = [
      `'; drop table kit_thing; --`,
      `" or ""="`,
      '?',
      '$1',
      ':x',
      '\\',
      '%_',
      '\u202e',
      '\u0000',
      'a\u0000b',
      '\ud800',
      'x\udc00y',
      '\u0001',
    ]
    await done(storage, unitOf({ subject: 'stays', writes: [{ write: 'insert', table: things, row: thing('stays', { name: 'stays' }) }] }))
    for (const [i, text] of hostile.entries()) {
      const row = thing(`h${i}`, { name: text })
      const unit = unitOf({ subject: `h${i}`, writes: [{ write: 'insert', table: things, row }] })
      const code = await codeOf(() => done(storage, unit))
      same(await readOne(storage, get(things, { id: `h${i}` })), code === null ? row : null, `hostile text ${JSON.stringify(text)}`)
      if (code !== null) continue
      same(await readOne(storage, list(things, { where: field('name').eq(text), limit: 9 })), [row], `found by ${JSON.stringify(text)}`)
    }
    for (const text of hostile.slice(0, 8)) {
      const unit = unitOf({
        tenant: text,
        subject: text,
        writes: [{ write: 'insert', table: lots, row: { account: text, no: 1, left: 1 } }],
        happened: [{ type: text, v: 1, at: 1, data: { text } }],
      })
      await done(storage, unit)
      same(
        await storage.read(text, [headOf(KIND, text), eventsOf(KIND, text, { limit: 9 })]),
        [unit.heads[0]!.to, unit.events],
        `subject ${text}`,
      )
    }
    const left = (await readOne(storage, list(things, { where: field('name').eq('stays'), limit: 9 }))) as Row[]
    check(left.length === 1, 'the row that was there stays')
    check(((await readOne(storage, list(things, { where: all(), limit: 99 }))) as Row[]).length >= 1, 'the table stays')
  })
}
