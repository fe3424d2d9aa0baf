import { all, any, field, holds, type Json, list, not, type Pred, type Row, type Scalar } from '@patronkit/core/storage'
import { check, same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { type Random, randomFrom } from './random.ts'
import { thing, things, unitOf } from './sample.ts'

const TEXTS = ['', 'a', 'A', 'ä', 'aa', '\uff61', '\u{1f600}', "o'hara", '%', '_', '1', 'null', 'true']
const NUMBERS = [0, 1, -1, 2, 2.5, -2.5, 1e3, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 1e300]
const INTEGERS = NUMBERS.filter(Number.isSafeInteger)
const EXTRAS: readonly Json[] = [...TEXTS, ...NUMBERS, true, false, { a: 1 }, ['a'], [], {}]
const COLUMNS = ['id', 'name', 'amount', 'at', 'open', 'price', 'extra'] as const

const orNull = <T>(random: Random, of: readonly T[]): T | null => (random.oneIn(4) ? null : random.pick(of))

const randomRow = (random: Random, id: string): Row =>
  thing(id, {
    name: orNull(random, TEXTS),
    amount: orNull(random, INTEGERS),
    at: orNull(random, INTEGERS),
    open: orNull(random, [true, false]),
    price: orNull(random, ['1.5', '10', '9', '-3']),
    extra: orNull(random, EXTRAS),
  })

const randomScalar = (random: Random): Scalar =>
  orNull<Scalar>(random, random.pick<readonly Scalar[]>([TEXTS, NUMBERS, [true, false], ['10', '9', 't1', 't5']]))

function randomPred(random: Random, depth: number): Pred {
  const kind = depth === 0 ? 3 + random.below(7) : random.below(10)
  const some = () => Array.from({ length: random.below(4) }, () => randomPred(random, depth - 1))
  if (kind === 0) return all(...some())
  if (kind === 1) return any(...some())
  if (kind === 2) return not(randomPred(random, depth - 1))
  const of = random.pick(COLUMNS)
  if (kind === 3) return field(of).in(Array.from({ length: random.below(6) }, () => randomScalar(random)))
  return { op: random.pick(['eq', 'ne', 'lt', 'lte', 'gt', 'gte'] as const), field: of, value: randomScalar(random) }
}

/** Conditions mean in the engine what `holds` says they mean. */
export const conditionFacts: Facts = ({ fact, seed }) => {
  fact('every operator treats a missing value as `holds` does', async (storage) => {
    const rows = [thing('full', { name: 'a', amount: 1, open: true }), thing('none')]
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    const { eq, ne, lt, gte } = field('amount')
    const asked = [
      eq(null),
      ne(null),
      eq(1),
      ne(1),
      ne(2),
      lt(5),
      gte(5),
      field('amount').in([null, 7]),
      field('amount').in([]),
      all(),
      any(),
    ]
    for (const pred of asked.flatMap((one) => [one, not(one), not(not(one)), any(not(one), eq(7))])) {
      const found = (await readOne(storage, list(things, { where: pred, limit: 9 }))) as Row[]
      const expected = rows.filter((row) => holds(pred, (column) => row[column]))
      same(found, expected, JSON.stringify(pred))
    }
  })

  fact(`random conditions over random rows give what \`holds\` gives (seed ${seed})`, async (storage) => {
    const random = randomFrom(seed)
    const rows = Array.from({ length: 60 }, (_, i) => randomRow(random, `t${i + 10}`))
    await done(storage, unitOf({ subject: 'a', writes: rows.map((row) => ({ write: 'insert', table: things, row })) }))
    let told = 0
    for (let i = 0; i < 400; i++) {
      const pred = randomPred(random, 3)
      const found = (await readOne(storage, list(things, { where: pred, limit: 99 }))) as Row[]
      const expected = rows.filter((row) => holds(pred, (column) => row[column]))
      same(
        found.map((row) => row.id),
        expected.map((row) => row.id),
        JSON.stringify(pred),
      )
      if (expected.length > 0 && expected.length < rows.length) told++
    }
    check(told > 60, `only ${told} of 400 random conditions told rows apart`)
  })
}
