import {
  all,
  compareText,
  eventsOf,
  field,
  fold,
  get,
  headOf,
  headsOf,
  list,
  listColumns,
  NO_HEAD,
  type Row,
  subjectsAfter,
  timersAfter,
} from '@patronkit/core/storage'
import { refused, same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { happened, headAfter, KIND, lots, thing, things, unitOf } from './sample.ts'

const lot = (account: string, no: number, left: number): Row => ({ account, no, left })

/** Rows by key, lists in order, stretches of events, several answers from one call. */
export const readFacts: Facts = ({ fact }) => {
  fact('a row is read by its key, and nothing where there is none', async (storage) => {
    await done(storage, unitOf({ subject: 'a', writes: [{ write: 'insert', table: lots, row: lot('a', 1, 10) }] }))
    same(await readOne(storage, get(lots, { account: 'a', no: 1 })), lot('a', 1, 10), 'the row')
    same(await readOne(storage, get(lots, { account: 'a', no: 2 })), null, 'another key')
  })

  fact('several reads of one call are answered in their order', async (storage) => {
    const unit = unitOf({ subject: 'a', writes: [{ write: 'insert', table: lots, row: lot('a', 1, 10) }], happened: [happened(1)] })
    await done(storage, unit)
    const answers = await storage.read('acme', [
      headOf(KIND, 'a'),
      get(lots, { account: 'b', no: 1 }),
      list(lots, { where: all(), limit: 5 }),
      headOf(KIND, 'nobody'),
      eventsOf(KIND, 'a', { limit: 5 }),
      list(lots, { where: field('left').gt(10), limit: 5 }),
    ])
    same(answers, [headAfter(unit), null, [lot('a', 1, 10)], NO_HEAD, unit.events, []], 'the answers')
    same(await storage.read('acme', []), [], 'no reads, no answers')
  })

  fact('dozens of reads of one call give what each gives alone, and so do dozens of units', async (storage) => {
    const names = ['', 'null', 'NULL', '{', '}', '{}', ',', '"', '\\', '\\"', "'", '$1', ' a ', 'ä', '\u{1f600}', '\n', 'a,b', '"",']
    const units = names.map((subject, i) => {
      const rows = [lot(subject, 1, i), lot(subject, 2, -i)].slice(0, 1 + (i % 2))
      const writes = [...rows.map((row) => ({ write: 'insert', table: lots, row }) as const)]
      return unitOf({ subject, happened: Array.from({ length: i % 3 }, (_, at) => happened(at)), writes })
    })
    const answers = await storage.commit(units)
    same(
      answers,
      units.map(() => ({ outcome: 'done' })),
      'the answers of the units',
    )
    // one of them several times, with other limits and with the same
    const last = names.at(-1)!
    const asked = [last, ...names, 'nobody', last, last].flatMap((subject, i) => [
      headOf(KIND, subject),
      get(lots, { account: subject, no: 2 }),
      list(lots, { where: field('account').eq(subject), order: ['left'], limit: 1 + (i % 3) }),
      list(lots, { where: all(field('account').eq(subject), field('left').gt(2)), limit: 9 }),
      eventsOf(KIND, subject, { after: i % 2, limit: 9 }),
    ])
    const alone: unknown[] = []
    for (const read of asked) alone.push(await readOne(storage, read))
    same(await storage.read('acme', asked), alone, 'the answers')
    same(alone[0], headAfter(units.at(-1)!), 'the first head')
    same(alone[11], lot('null', 2, -1), 'the second lot')
    same(
      [alone[2], alone[102], alone[107]].map((page) => (page as readonly unknown[]).length),
      [1, 2, 1],
      'the pages of one account',
    )
  })

  fact('a list keeps its order and its limit, and ties are broken by the key', async (storage) => {
    const rows = [lot('a', 3, 5), lot('a', 1, 7), lot('b', 1, 5), lot('a', 2, 7), lot('c', 9, 1)]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: lots, row })) }))
    const listed = (order: Parameters<typeof list>[1]['order'], limit = 9) =>
      readOne(storage, list(lots, { where: all(), ...(order ? { order } : {}), limit }))
    same(await listed(undefined), [rows[1], rows[3], rows[0], rows[2], rows[4]], 'by key')
    same(await listed(['left']), [rows[4], rows[0], rows[2], rows[1], rows[3]], 'by a column')
    same(await listed([{ column: 'left', direction: 'desc' }], 3), [rows[1], rows[3], rows[0]], 'downwards, three of them')
    same(
      await listed(
        [
          { column: 'account', direction: 'desc' },
          { column: 'no', direction: 'desc' },
        ],
        2,
      ),
      [rows[4], rows[2]],
      'by two columns',
    )
    same(await listed(undefined, 0), [], 'a limit of nought')
  })

  fact('a list gives back the columns that were asked for, also where it looks at others', async (storage) => {
    const rows = [lot('a', 1, 7), lot('a', 2, 5), lot('b', 1, 9)]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: lots, row })) }))
    const asked = { where: field('account').eq('a'), order: ['left'], limit: 9 }
    same(await readOne(storage, listColumns(lots, ['no'], asked)), [{ no: 2 }, { no: 1 }], 'one column')
    const [whole, some] = await storage.read('acme', [list(lots, asked), listColumns(lots, ['left', 'no'], asked)])
    same(
      [whole, some],
      [
        [rows[1], rows[0]],
        [
          { left: 5, no: 2 },
          { left: 7, no: 1 },
        ],
      ],
      'beside the whole rows',
    )
    const unknown = { ...listColumns(lots, ['no'], asked), columns: ['left" as "no'] }
    await refused(() => readOne(storage, unknown), 'an unknown column')
  })

  fact('rows are counted and summed per group, groups in order', async (storage) => {
    const rows = [
      thing('a', { name: 'x', amount: 5, open: true }),
      thing('b', { name: 'x', amount: -2, open: false }),
      thing('c', { name: null, amount: 7, open: null }),
      thing('d', { name: 'B', amount: null, open: true }),
      thing('e', { name: 'x', amount: 2 ** 52, open: true }),
    ]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    await done(
      storage,
      unitOf({ tenant: 'beta', subject: 'a', writes: [{ write: 'insert', table: things, row: thing('z', { amount: 1 }) }] }),
    )
    const folded = (o: Parameters<typeof fold>[1]) => readOne(storage, fold(things, o))
    same(
      await folded({ where: all(), by: ['name'], sum: ['amount'], limit: 9 }),
      [
        { by: { name: null }, count: 1, sum: { amount: 7 } },
        { by: { name: 'B' }, count: 1, sum: { amount: 0 } },
        { by: { name: 'x' }, count: 3, sum: { amount: 2 ** 52 + 3 } },
      ],
      'by name',
    )
    same(
      await folded({ where: field('name').eq('x'), by: ['open', 'name'], limit: 9 }),
      [
        { by: { open: false, name: 'x' }, count: 1, sum: {} },
        { by: { open: true, name: 'x' }, count: 2, sum: {} },
      ],
      'by two columns',
    )
    same(await folded({ where: all(), by: ['name'], limit: 1 }), [{ by: { name: null }, count: 1, sum: {} }], 'the first group')
    same(await folded({ where: all(), sum: ['amount'], limit: 1 }), [{ by: {}, count: 5, sum: { amount: 2 ** 52 + 10 } }], 'everything')
    same(
      await folded({ where: field('name').eq('nobody'), sum: ['amount'], limit: 1 }),
      [{ by: {}, count: 0, sum: { amount: 0 } }],
      'nothing',
    )
  })

  fact('a sum beyond what a number counts exactly is refused', async (storage) => {
    const rows = [thing('a', { amount: Number.MAX_SAFE_INTEGER }), thing('b', { amount: 1 })]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    await refused(
      () => readOne(storage, fold(things, { where: all(), sum: ['amount'], limit: 1 })),
      'the sum',
      'storage/integer-out-of-range',
    )
  })

  fact('heads of several subjects are read at once, in the order asked for', async (storage) => {
    const units = ['a', 'b', 'c'].map((subject) => unitOf({ subject, happened: [happened(1)] }))
    await done(storage, ...units)
    const [a, b, c] = units.map(headAfter)
    same(await readOne(storage, headsOf(KIND, ['c', 'nobody', 'a', 'b', 'a'])), [c, NO_HEAD, a, b, a], 'the heads')
    same(await readOne(storage, headsOf(KIND, [])), [], 'none')
    same(await readOne(storage, headsOf('other', ['a'])), [NO_HEAD], 'another kind')
    same(await readOne(storage, headsOf(KIND, ['a']), 'beta'), [NO_HEAD], 'another tenant')
  })

  fact('subjects of a tenant are listed page by page', async (storage) => {
    const names = ['b', 'a', 'ab', "o'neill", 'ä']
    const units = names.map((subject) => unitOf({ subject }))
    await done(storage, ...units, unitOf({ tenant: 'beta', subject: 'q' }))
    const listed = names
      .map((subject, i) => ({ kind: KIND, subject, head: headAfter(units[i]!) }))
      .sort((x, y) => compareText(x.subject, y.subject))
    same(await readOne(storage, subjectsAfter(null, 3)), listed.slice(0, 3), 'the first page')
    same(await readOne(storage, subjectsAfter(listed[2]!, 9)), listed.slice(3), 'the rest')
    same(await readOne(storage, subjectsAfter(listed[4]!, 9)), [], 'behind the last')
  })

  fact('timers of a tenant are listed page by page, parked ones apart', async (storage) => {
    const set = (key: string) => ({ timer: 'set', queue: 'q', key, dueAt: 10 }) as const
    await done(
      storage,
      unitOf({ subject: 'a', timers: [set('c'), set('a'), set('b')] }),
      unitOf({ tenant: 'beta', subject: 'a', timers: [set('d')] }),
    )
    const failed = { timer: 'failed', queue: 'q', key: 'b', dueAt: 20, error: 'no luck', parked: true } as const
    await done(storage, unitOf({ subject: 'b', timers: [failed] }))
    const waiting = ['a', 'c'].map((key) => ({ queue: 'q', key, dueAt: 10, generation: 1, attempts: 0, lastError: null, parked: false }))
    const parked = { queue: 'q', key: 'b', dueAt: 20, generation: 1, attempts: 1, lastError: 'no luck', parked: true }
    same(await readOne(storage, timersAfter(false, null, 9)), waiting, 'waiting')
    same(await readOne(storage, timersAfter(true, null, 9)), [parked], 'parked')
    same(await readOne(storage, timersAfter(false, waiting[0]!, 1)), [waiting[1]], 'the second page')
  })

  fact('texts are ordered by code point', async (storage) => {
    const names = ['\u{1f600}', '\uff61', 'a', 'B', 'ä', 'Z', '', 'aa', '\u{10000}', '\ufffd', '\u0001', "'", '"']
    const rows = names.map((name, i) => thing(`t${i}`, { name }))
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    const found = (await readOne(storage, list(things, { where: all(), order: ['name'], limit: 99 }))) as Row[]
    same(
      found.map((row) => row.name),
      [...names].sort(compareText),
      'the order',
    )
    const beyond = (await readOne(storage, list(things, { where: field('name').gt('\uff61'), order: ['name'], limit: 99 }))) as Row[]
    same(
      beyond.map((row) => row.name),
      ['\ufffd', '\u{10000}', '\u{1f600}'],
      'greater than U+FF61',
    )
  })

  fact('missing values come first upwards and last downwards', async (storage) => {
    const rows = [thing('a', { amount: 1 }), thing('b'), thing('c', { amount: -1 })]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    const ids = async (direction: 'asc' | 'desc') =>
      ((await readOne(storage, list(things, { where: all(), order: [{ column: 'amount', direction }], limit: 9 }))) as Row[]).map(
        (row) => row.id,
      )
    same(await ids('asc'), ['b', 'c', 'a'], 'upwards')
    same(await ids('desc'), ['a', 'c', 'b'], 'downwards')
  })

  fact('events are read in stretches, oldest first', async (storage) => {
    const unit = unitOf({ subject: 'a', happened: Array.from({ length: 12 }, (_, i) => happened(i + 1)) })
    await done(storage, unit)
    same(await readOne(storage, eventsOf(KIND, 'a', { limit: 3 })), unit.events.slice(0, 3), 'the first three')
    same(await readOne(storage, eventsOf(KIND, 'a', { after: 9, limit: 99 })), unit.events.slice(9), 'what comes after the ninth')
    same(await readOne(storage, eventsOf(KIND, 'b', { limit: 3 })), [], 'of another subject')
  })

  fact('a condition on a column the table does not have is refused', async (storage) => {
    await refused(() => readOne(storage, list(lots, { where: field('left" = 0 or 1 = 1 --').eq(1), limit: 1 })), 'an unknown column')
  })
}
