import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import {
  all,
  any,
  bgNbdPredictor,
  compileRule,
  field,
  fitBgNbd,
  lowerRule,
  naturalBreaks,
  type PurchaseHistory,
  type Rule,
} from '@patronkit/segmentation'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { LogicEngine } from 'json-logic-engine'
// @ts-expect-error: it ships no types
import jsonLogic from 'json-logic-js'
import { Engine } from 'json-rules-engine'
import { machine, median, ratio, table, time, writeReadme } from '../../../bench/measure.ts'

const ROUNDS = 7

/** Numerical Recipes' generator, so that every run measures the same. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const random = sequence(1)
const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
const customers = Array.from({ length: 20_000 }, (_, n) => ({
  id: `c${n}`,
  country: one(['IT', 'CH', 'DE', 'FR', 'US', 'CN']),
  tier: one(['gold', 'silver', 'basic']),
  spend: Math.floor(random() * 1_000),
  visits: Math.floor(random() * 10),
  age: 18 + Math.floor(random() * 60),
}))

const source = {
  table: 'customers',
  tenantColumn: 'org',
  keyColumn: 'id',
  columns: { country: 'text', tier: 'text', spend: 'integer', visits: 'integer', age: 'integer' },
} as const
const rule: Rule = all(
  any(field('country').in(['IT', 'CH']), field('tier').eq('gold')),
  field('spend').gt(400),
  field('visits').gte(3),
  field('age').lt(60),
)
const environment = { sources: { customers: source } }
const ours = compileRule({ rule, source: 'customers', environment }).test
const entities = customers.map((values) => ({ id: values.id, values }))

const logic = {
  and: [
    { or: [{ in: [{ var: 'country' }, ['IT', 'CH']] }, { '==': [{ var: 'tier' }, 'gold'] }] },
    { '>': [{ var: 'spend' }, 400] },
    { '>=': [{ var: 'visits' }, 3] },
    { '<': [{ var: 'age' }, 60] },
  ],
}
const compiledLogic = new LogicEngine().build(logic) as (data: object) => unknown

/** What somebody would write by hand who thinks of null, of missing values and of prototypes. */
type Seen = { readonly [name: string]: unknown }
const text = (name: string) => (values: Seen) =>
  Object.hasOwn(values, name) && typeof values[name] === 'string' ? (values[name] as string) : null
const number = (name: string) => (values: Seen) =>
  Object.hasOwn(values, name) && typeof values[name] === 'number' ? (values[name] as number) : null
const [country, tier, spend, visits, age] = [text('country'), text('tier'), number('spend'), number('visits'), number('age')]
const wanted = new Set<string | null>(['IT', 'CH'])
const byHand = (values: Seen): boolean => {
  if (!wanted.has(country(values)) && tier(values) !== 'gold') return false
  const [s, v, a] = [spend(values), visits(values), age(values)]
  return s !== null && s > 400 && v !== null && v >= 3 && a !== null && a < 60
}

const rulesEngine = new Engine([
  {
    conditions: {
      all: [
        {
          any: [
            { fact: 'country', operator: 'in', value: ['IT', 'CH'] },
            { fact: 'tier', operator: 'equal', value: 'gold' },
          ],
        },
        { fact: 'spend', operator: 'greaterThan', value: 400 },
        { fact: 'visits', operator: 'greaterThanInclusive', value: 3 },
        { fact: 'age', operator: 'lessThan', value: 60 },
      ],
    },
    event: { type: 'in' },
  },
])

interface Way {
  readonly name: string
  /** Customers a round. */
  readonly of: number
  count(of: number): number | Promise<number>
}

const counting = (test: (n: number) => unknown) => (of: number) => {
  let found = 0
  for (let n = 0; n < of; n++) if (test(n)) found++
  return found
}
const ways: readonly Way[] = [
  { name: 'segmentation', of: 20_000, count: counting((n) => ours(entities[n]!, 0)) },
  { name: 'closures by hand', of: 20_000, count: counting((n) => byHand(customers[n]!)) },
  { name: 'json-logic-engine, compiled', of: 20_000, count: counting((n) => compiledLogic(customers[n]!)) },
  {
    name: 'json-logic-js',
    of: 20_000,
    count: counting((n) => (jsonLogic as { apply(rule: object, data: object): unknown }).apply(logic, customers[n]!)),
  },
  {
    name: 'json-rules-engine',
    of: 500,
    count: async (of) => {
      let found = 0
      for (let n = 0; n < of; n++) found += (await rulesEngine.run(customers[n]!)).events.length
      return found
    },
  },
]

async function evaluations(): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number[]>(ways.map(({ name }) => [name, []]))
  for (let round = -3; round < ROUNDS; round++) {
    for (const { name, of, count } of ways) {
      const repeats = of === 20_000 ? 5 : 1
      const start = performance.now()
      let found = 0
      for (let n = 0; n < repeats; n++) found = await count(of)
      if (round >= 0) taken.get(name)!.push(((performance.now() - start) * 1e6) / of / repeats)
      if (found !== counting((n) => byHand(customers[n]!))(of)) throw new Error(`${name} found ${found} customers`)
    }
  }
  return new Map([...taken].map(([name, all]) => [name, median(all)]))
}

/** 500,000 rows in SQLite, counted by the rule and by a statement written by hand. */
function counts(): { readonly pushed: number; readonly hand: number } {
  const db = new DatabaseSync(':memory:')
  db.exec('create table customers (org text, id text, country text, tier text, spend integer, visits integer, age integer); begin')
  const insert = db.prepare('insert into customers values (?, ?, ?, ?, ?, ?, ?)')
  for (let n = 0; n < 500_000; n++) {
    const row = customers[n % customers.length]!
    insert.run('acme', `c${n}`, row.country, row.tier, row.spend, row.visits, row.age)
  }
  db.exec('commit')
  const reader = hostReader({ connection: fromNodeSqlite(db) })
  const question = {
    tenant: 'acme',
    table: { table: 'customers', tenant: 'org' },
    key: { column: 'id', type: 'text' },
    where: lowerRule({ rule, source: 'customers', environment, now: 0 }),
  } as const
  const hand = db.prepare(
    "select count(*) as n from customers where org = ? and (country in ('IT', 'CH') or tier = 'gold') and spend > 400 and visits >= 3 and age < 60",
  )
  const taken = { pushed: [] as number[], hand: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    let start = performance.now()
    const a = reader.count(question)
    taken.pushed.push((performance.now() - start) * 1e6)
    start = performance.now()
    const b = (hand.get('acme') as { n: number }).n
    taken.hand.push((performance.now() - start) * 1e6)
    if (a !== b) throw new Error(`${a} pushed down, ${b} by hand`)
  }
  db.close()
  return { pushed: median(taken.pushed), hand: median(taken.hand) }
}

const timed = (work: () => unknown, rounds = ROUNDS): number =>
  median(
    Array.from({ length: rounds }, () => {
      const start = performance.now()
      work()
      return (performance.now() - start) * 1e6
    }),
  )

/** Histories of the CDNOW sample where it is on this machine, else made up ones. */
function histories(): { readonly from: string; readonly all: readonly PurchaseHistory[] } {
  const file = new URL('../../../../shared/data/cdnow/cdnow_customers_summary.csv', import.meta.url)
  if (existsSync(file)) {
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1)
    return {
      from: 'CDNOW, 2,357 customers',
      all: rows.map((line) => {
        const [, frequency = 0, recency = 0, age_ = 0] = line.split(',').map(Number)
        return { frequency, recency, age: age_ }
      }),
    }
  }
  const made = Array.from({ length: 2_357 }, () => {
    const frequency = Math.floor(random() ** 3 * 8)
    const age_ = 27 + Math.floor(random() * 84) / 7
    return { frequency, recency: frequency === 0 ? 0 : Math.floor(random() * age_ * 7) / 7, age: age_ }
  })
  return { from: '2,357 made-up customers', all: made }
}

export async function run(): Promise<boolean> {
  const each = await evaluations()
  const own = each.get('segmentation')!
  const { pushed, hand } = counts()
  const { from, all: known } = histories()
  const fit = timed(() => fitBgNbd({ histories: known }))
  const many = Array.from({ length: 300_000 }, (_, n) => known[n % known.length]!)
  const fitMany = timed(() => fitBgNbd({ histories: many }), 3)
  const expected = bgNbdPredictor({ model: fitBgNbd({ histories: known }), horizon: 39 })
  const predictions =
    timed(() => many.reduce((sum, { frequency, recency, age: of }) => sum + expected(frequency, recency, of), 0)) / many.length
  const values = Array.from({ length: 100_000 }, (_, n) => Math.sin(n * 1.7) * 1e6 + n / 7)
  const breaks = timed(() => naturalBreaks({ values, classes: 8 }), 3)

  const figures = [
    ...ways.map(({ name }) => [
      `one customer against a rule of five parts, ${name}`,
      time(each.get(name)!),
      name === 'segmentation' ? '' : `${ratio(each.get(name)! / own)} ours`,
    ]),
    ['500,000 rows of SQLite counted by that rule', time(pushed), `${ratio(pushed / hand)} a statement by hand (${time(hand)})`],
    [`BG/NBD fitted to ${from}`, time(fit), ''],
    ['the same for 300,000 customers', time(fitMany), ''],
    ['purchases expected of one customer', time(predictions), ''],
    ['natural breaks, 100,000 distinct values, 8 classes', time(breaks), 'exact'],
  ]
  const text = table(['', 'time', ''], figures)
  console.log(text)
  writeReadme(
    new URL('../README.md', import.meta.url),
    `\n${text}\n\nMedian of ${ROUNDS} rounds, the ways taking turns (3 for the two largest); ${machine()}. All find the same customers.\n`,
  )
  const missed = [
    each.get('json-logic-js')! / own < 20 && 'json-logic-js, 20 ×',
    each.get('json-logic-engine, compiled')! / own < 2.5 && 'json-logic-engine, 2.5 ×',
    each.get('json-rules-engine')! / own < 1_000 && 'json-rules-engine, 1,000 ×',
    each.get('closures by hand')! / own < 0.6 && 'closures by hand, 0.6',
    pushed / hand > 1.3 && 'SQL by hand, 1.3',
    fit > 100e6 && 'fit, 100 ms',
    fitMany > 5e9 && 'fit of 300,000, 5 s',
    predictions > 1_000 && 'predictions, 1 M a second',
    breaks > 2e9 && 'natural breaks, 2 s',
  ].filter(Boolean)
  if (missed.length > 0) console.log(`missed: ${missed.join('; ')}`)
  return missed.length === 0
}
