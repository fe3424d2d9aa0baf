import { distinct, finite, listOf, notNegative } from '../checks.ts'
import { unknownId, wrong } from '../refusals.ts'
import { aggregate, type IfMissing, type Score } from './aggregate.ts'
import { type CurvePoint, onCurve } from './curve.ts'
import type { Mean } from './mean.ts'
import { goalposts } from './normalise.ts'

/**
 * How a measure's raw value becomes a score: between goalposts, along a curve, or by how much of the subject's target it reaches
 * (`worst` and `best` are shares of the target then, 0 and 1 where they are left out). Numbers stand as decimal texts.
 */
export type MeasureScale =
  | { readonly kind: 'goalposts'; readonly worst: string; readonly best: string }
  | { readonly kind: 'curve'; readonly points: readonly (readonly [raw: string, score: string])[] }
  | { readonly kind: 'target'; readonly worst?: string | undefined; readonly best?: string | undefined }

/** One measure of a scorecard. */
export interface Measure {
  readonly metric: string
  readonly weight: string
  readonly normalise: MeasureScale
  /** `exclude` where it is left out. */
  readonly ifMissing?: 'exclude' | 'zero' | 'undefined' | undefined
}

/** A scorecard as data. */
export interface Scorecard {
  readonly measures: { readonly [id: string]: Measure }
  readonly aggregate: 'arithmetic' | 'geometric' | 'harmonic' | 'minimum'
  /** Id of the reporting calendar that its periods are of; calendar years in UTC where it is left out. */
  readonly calendar?: string | undefined
  /** Names for scores from `from` up. */
  readonly bands?: readonly { readonly id: string; readonly from: string }[] | undefined
}

/** Whoever is scored, with raw values by measure (of one scored by target: value ÷ target). What is absent or null is missing. */
export interface Scored {
  readonly id: string
  readonly values: { readonly [measure: string]: number | null | undefined }
}

/** One measure of a scored person: raw → normalised × weight = points. */
export interface CardLine {
  readonly measure: string
  readonly raw: number | null
  readonly normalised: number | null
  readonly weight: number
  readonly points: number
  readonly reason?: 'missing-excluded' | 'missing-as-zero' | 'missing'
}

/** A score and its lines, whose points sum to it. */
export interface CardScore {
  readonly id: string
  readonly value: number | null
  readonly contributions: readonly CardLine[]
  readonly reason?: Score['reason']
}

/** The scores of many people. Values and points are kept for everyone; lines are written out for whoever is asked about. */
export interface ScoreSheet {
  readonly size: number
  /** The score of the n-th person; null where there is none. */
  value(at: number): number | null
  /** The points that a measure gave the n-th person; they sum to the value. */
  points(at: number, measure: number): number
  readonly measures: readonly string[]
  explain(i: { readonly id: string }): CardScore
}

/**
 * Scores everyone by one scorecard.
 *
 * @example
 * ```ts
 * import { scoreAll } from '@patronkit/kpi-scoring'
 *
 * const sheet = scoreAll({
 *   scorecard: { aggregate: 'arithmetic', measures: {
 *     sla: { metric: 'sla-attainment', weight: '0.6', normalise: { kind: 'goalposts', worst: '0.80', best: '0.98' } },
 *     sales: { metric: 'revenue', weight: '0.4', normalise: { kind: 'goalposts', worst: '0', best: '120000' } } } },
 *   people: [{ id: 'anna', values: { sla: 0.93, sales: 91_000 } }, { id: 'bo', values: { sla: 0.97 } }],
 * })
 * for (const { measure, raw, points } of sheet.explain({ id: 'anna' }).contributions) console.log(measure, raw, points)
 * ```
 */
export function scoreAll(i: { readonly scorecard: Scorecard; readonly people: readonly Scored[] }): ScoreSheet {
  const card = compile(i.scorecard)
  const people = listOf(i.people, 'people', 0) as readonly Scored[]
  const width = card.ids.length
  const values = new Float64Array(people.length)
  const points = new Float64Array(people.length * width)
  refuseTwice(people)
  for (let person = 0; person < people.length; person++) {
    values[person] = (card.fast ? fast : slow)(card, people[person]!, points, person * width)
  }
  // found by id only once somebody asks: a map of everyone costs more than their scores
  let places: Map<string, number> | undefined
  return {
    size: people.length,
    measures: card.ids,
    value: (person) => (Number.isNaN(values[person]!) ? null : values[person]!),
    points: (person, measure) => points[person * width + measure]!,
    explain: ({ id }) => {
      places ??= new Map(people.map((person, at) => [person.id, at]))
      const person = places.get(id)
      if (person === undefined) throw unknownId(id, 'people')
      return explained(card, people[person]!, Number.isNaN(values[person]!) ? null : values[person]!, points, person * width)
    },
  }
}

function refuseTwice(people: readonly Scored[]): void {
  const seen = new Set<string>()
  for (let person = 0; person < people.length; person++) {
    const { id } = people[person]!
    if (typeof id !== 'string' || seen.size === seen.add(id).size) distinct([...seen, id], 'people')
  }
}

interface Compiled {
  readonly ids: readonly string[]
  readonly weights: readonly number[]
  readonly scales: readonly ((value: number) => number)[]
  readonly policies: readonly IfMissing[]
  readonly mean: Mean
  /** Goalposts and an arithmetic mean alone: then scoring is a multiplication and two comparisons a measure. */
  readonly fast: boolean
  readonly worst: Float64Array
  readonly span: Float64Array
  readonly share: Float64Array
}

function compile(card: Scorecard): Compiled {
  const measures = Object.entries(card.measures)
  if (measures.length === 0) throw wrong('scorecard.measures', 'is empty', 'Give at least one measure.')
  const ids = measures.map(([id]) => id)
  const weights = measures.map(([id, { weight }]) => notNegative(numberOf(weight, `measures.${id}.weight`), `measures.${id}.weight`))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (!(total > 0)) throw wrong('scorecard.measures', 'have no weight', 'Give at least one a weight above 0.')
  const posts = measures.map(([id, { normalise }]) =>
    normalise.kind === 'curve'
      ? null
      : { worst: numberOf(normalise.worst ?? '0', `measures.${id}.worst`), best: numberOf(normalise.best ?? '1', `measures.${id}.best`) },
  )
  const scales = measures.map(([id, { normalise }], at) =>
    normalise.kind === 'curve'
      ? onCurve(normalise.points.map(([x, y]): CurvePoint => [numberOf(x, `measures.${id}.points`), numberOf(y, `measures.${id}.points`)]))
      : goalposts(posts[at]!),
  )
  return {
    ids,
    weights,
    scales,
    policies: measures.map(([, { ifMissing }]) => ifMissing ?? 'exclude'),
    mean: card.aggregate,
    fast: card.aggregate === 'arithmetic' && posts.every((post) => post !== null),
    worst: Float64Array.from(posts, (post) => post?.worst ?? 0),
    span: Float64Array.from(posts, (post) => (post ? post.best - post.worst : 1)),
    share: Float64Array.from(weights, (weight) => weight / total),
  }
}

function numberOf(text: string, path: string): number {
  return finite(typeof text === 'string' && text.trim() !== '' ? Number(text) : text, path)
}

/** Scores one person and keeps the points; NaN where there is no score. */
function fast(card: Compiled, person: Scored, points: Float64Array, from: number): number {
  const { ids, worst, span, share } = card
  const { values } = person
  let sum = 0
  for (let m = 0; m < ids.length; m++) {
    const raw = values[ids[m]!]
    // anything but a finite number goes the long way, where it is missing or refused
    if (typeof raw !== 'number' || raw - raw !== 0) return slow(card, person, points, from)
    const normalised = (raw - worst[m]!) / span[m]!
    const own = normalised <= 0 ? 0 : normalised >= 1 ? share[m]! : normalised * share[m]!
    points[from + m] = own
    sum += own
  }
  return sum
}

function slow(card: Compiled, person: Scored, points: Float64Array, from: number): number {
  const { value, contributions } = scoreOne(card, person)
  if (value === null) return Number.NaN
  let sum = 0
  contributions.forEach((line, m) => {
    points[from + m] = line.points
    sum += line.points
  })
  return sum
}

function scoreOne(card: Compiled, person: Scored): Score {
  const parts = card.ids.map((id, m) => {
    const raw = rawOf(person, id)
    return { id, value: raw === null ? null : card.scales[m]!(raw), weight: card.weights[m]!, ifMissing: card.policies[m]! }
  })
  return aggregate({ parts, mean: card.mean })
}

function rawOf(person: Scored, id: string): number | null {
  const raw = Object.hasOwn(person.values, id) ? person.values[id] : null
  return raw === null || raw === undefined ? null : finite(raw, `people.${person.id}.${id}`)
}

function explained(card: Compiled, person: Scored, value: number | null, points: Float64Array, from: number): CardScore {
  const score = scoreOne(card, person)
  const contributions = score.contributions.map(({ id, weight, reason }, m): CardLine => {
    const raw = rawOf(person, id)
    return {
      measure: id,
      raw,
      normalised: raw === null ? null : card.scales[m]!(raw),
      weight,
      points: points[from + m]!,
      ...(reason ? { reason } : {}),
    }
  })
  return { id: person.id, value, contributions, ...(score.reason ? { reason: score.reason } : {}) }
}
