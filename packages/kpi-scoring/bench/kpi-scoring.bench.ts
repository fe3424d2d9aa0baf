import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  changeValues,
  evaluateMetrics,
  type Metric,
  metricGraph,
  nextPoint,
  type Scorecard,
  scoreAll,
  startWatch,
} from '@patronkit/kpi-scoring'
import { interleave, machine, table, time, writeReadme } from '../../../bench/measure.ts'

/** Numerical Recipes' generator, so that every run measures the same. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const NODES = 10_000
const LEAVES = 1_000
const random = sequence(1)

/** 1,000 measured metrics and 9,000 formulas over any two that stand before, given in no useful order. */
const metrics: Metric[] = Array.from({ length: NODES }, (_, at): Metric => {
  const id = `m${at}`
  if (at < LEAVES) return { id, unit: 'EUR', kind: 'simple', value: id, fold: 'sum' }
  const [a, b] = [`m${Math.floor(random() * at)}`, `m${Math.floor(random() * at)}`]
  return { id, unit: 'EUR', kind: 'derived', formula: { multiply: [{ number: '0.5' }, { add: [{ metric: a }, { metric: b }] }] } }
})
const shuffled = metrics.map((metric) => ({ metric, key: random() })).sort((a, b) => a.key - b.key)
const given = shuffled.map(({ metric }) => metric)
const values = Object.fromEntries(Array.from({ length: LEAVES }, (_, at) => [`m${at}`, at]))

/** What depends on one leaf, counted without the library. */
function dependants(leaf: string): number {
  const found = new Set([leaf])
  for (const metric of metrics) {
    const needs = metric.kind === 'derived' ? JSON.stringify(metric.formula).match(/m\d+/g)! : []
    if (needs.some((id) => found.has(id))) found.add(metric.id)
  }
  return found.size - 1
}

const POINTS = 1_000_000
const noise = sequence(2)
/** Nearly normal points; the sum of four draws. */
const z = Float64Array.from({ length: POINTS }, () => (noise() + noise() + noise() + noise() - 2) * Math.sqrt(3))

function watched(): number {
  let watch = startWatch({ rules: 'nelson' })
  let signals = 0
  for (let at = 0; at < POINTS; at++) {
    watch = nextPoint(watch, z[at]!)
    if (watch.broken) signals++
  }
  return signals
}

/** Bytes that a million points more leave behind once the garbage is gone: a watch of two million against one of one million. */
function kept(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let watch = startWatch({ rules: 'nelson' })
  const after = [1, 2, 3].map(() => {
    for (let at = 0; at < POINTS; at++) watch = nextPoint(watch, z[at]!)
    collect()
    return process.memoryUsage().heapUsed
  })
  if (watch.points !== 3 * POINTS) throw new Error(`${watch.points} points were watched`)
  return Math.max(0, Math.min(after[1]! - after[0]!, after[2]! - after[1]!))
}

const PEOPLE = 100_000
const MEASURES = 20
const ids = Array.from({ length: MEASURES }, (_, at) => `measure-${at}`)

type Person = { readonly id: string; readonly values: { readonly [id: string]: number } }

/** Made when they are needed: what lies on the heap slows down whoever else is measured. */
function staff(): readonly Person[] {
  const drawn = sequence(3)
  return Array.from({ length: PEOPLE }, (_, at) => ({
    id: `p${at}`,
    values: Object.fromEntries(ids.map((id) => [id, drawn() * 120 - 10])),
  }))
}

const scorecard: Scorecard = {
  aggregate: 'arithmetic',
  measures: Object.fromEntries(
    ids.map((id, at) => [id, { metric: id, weight: String(at + 1), normalise: { kind: 'goalposts', worst: '0', best: '100' } }]),
  ),
}

/** What one would write without a library: the same goalposts and weights, a number for everyone, nothing to show for it. */
function naive(people: readonly Person[]): Float64Array {
  const total = ids.reduce((sum, _, at) => sum + at + 1, 0)
  const scores = new Float64Array(PEOPLE)
  for (let person = 0; person < PEOPLE; person++) {
    const mine = people[person]!.values
    let sum = 0
    for (let m = 0; m < MEASURES; m++) {
      const normalised = Math.min(1, Math.max(0, (mine[ids[m]!]! - 0) / (100 - 0)))
      sum += normalised * ((m + 1) / total)
    }
    scores[person] = sum
  }
  return scores
}

/** Both must say the same, and every person's points must sum to the score, before they may race. */
function agree(people: readonly Person[]): void {
  const sheet = scoreAll({ scorecard, people })
  const plain = naive(people)
  for (let person = 0; person < PEOPLE; person++) {
    let sum = 0
    for (let m = 0; m < MEASURES; m++) sum += sheet.points(person, m)
    if (sum !== sheet.value(person)) throw new Error(`person ${person}: points sum to ${sum}, the score is ${sheet.value(person)}`)
    if (Math.abs(sum - plain[person]!) > 1e-12) throw new Error(`person ${person}: ${sum} against ${plain[person]}`)
  }
}

/** Measures, prints, and writes the README's table; false where a target is missed. */
export function run(): boolean {
  const rounds = 15
  const graph = metricGraph({ metrics: given })
  const evaluated = evaluateMetrics({ graph, values })
  const one = changeValues({ evaluation: evaluated, values: { m999: 5 } })
  const expected = dependants('m999')
  const ns = new Map([
    ...interleave([{ name: 'check', times: 1, run: () => metricGraph({ metrics: given }).metrics.length }], rounds),
    ...interleave([{ name: 'evaluate', times: 1, run: () => evaluateMetrics({ graph, values }).recomputed }], rounds),
    ...interleave(
      [{ name: 'change', times: 1, run: () => changeValues({ evaluation: evaluated, values: { m999: 5 } }).recomputed }],
      rounds,
    ),
    ...interleave([{ name: 'chart', times: 1, run: watched }], rounds),
  ])
  const people = staff()
  agree(people)
  const scoring = interleave(
    [
      { name: 'naive', times: 1, run: () => naive(people)[PEOPLE - 1]! },
      { name: 'scored', times: 1, run: () => scoreAll({ scorecard, people }).value(PEOPLE - 1)! },
    ],
    rounds,
  )
  const bytes = kept()
  const of = (name: string) => ns.get(name) ?? scoring.get(name)!
  const ratio = of('scored') / of('naive')
  const text = [
    table(
      ['', 'time', 'beside'],
      [
        ['a graph of 10,000 metrics worked out', time(of('evaluate')), `${time(of('check'))} to check it before, once`],
        ['one leaf of it changed', time(of('change')), `${one.recomputed} of 9,000 formulas worked out, ${expected} depend on it`],
        [
          '1,000,000 points through the eight rules of Nelson',
          time(of('chart')),
          `${time(of('chart') / POINTS)} a point; ${Math.round(bytes / 1000)} kB stay behind`,
        ],
        [
          '100,000 people on 20 measures, all points kept',
          time(of('scored')),
          `${ratio.toPrecision(2)} × a naive loop that keeps the scores alone (${time(of('naive'))})`,
        ],
      ],
    ),
    '',
    `Median of ${rounds} rounds, the two loops over people taking turns; ${machine()}. The lines of an explanation are put into objects for whoever is asked about; points of everyone are kept as numbers.`,
  ].join('\n')
  console.log(text)
  writeReadme(new URL('../README.md', import.meta.url), `\n${text}\n`)

  const target = (name: string, met: boolean) => {
    console.log(`${met ? 'met   ' : 'MISSED'} ${name}`)
    return met
  }
  return [
    target(`10,000 metrics worked out in at most 50 ms: ${time(of('evaluate'))}`, of('evaluate') <= 50e6),
    target(`one leaf recomputes its descendants alone: ${one.recomputed} of ${expected}`, one.recomputed === expected),
    target(`1,000,000 points in at most 0.3 s: ${time(of('chart'))}`, of('chart') <= 0.3e9),
    target(`memory flat over them: ${bytes} bytes`, bytes < 1e5),
    target(`100,000 people in at most 3 × a naive loop: ${ratio.toPrecision(2)}`, ratio <= 3),
  ].every(Boolean)
}
