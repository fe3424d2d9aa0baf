import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { distinct, finite, listOf } from '../checks.ts'
import { Exact, exactNotNegative } from '../exact.ts'
import { wrong } from '../refusals.ts'
import { splitQuantity } from '../targets/split.ts'
import { fractionalRanks } from './rank.ts'

/** A person's score in a team. */
export interface TeamScore {
  readonly id: string
  readonly team: string
  readonly score: number
}

/**
 * Makes scores of teams with strict and lenient raters comparable. `z-score`: moved to the mean and spread of everyone; `percentile`: the
 * place inside the team from 0 to 1. A team of one, or one in which all are equal, stands in the middle.
 *
 * @example
 * ```ts
 * import { calibrate } from '@patronkit/kpi-scoring'
 *
 * calibrate({ people: [{ id: 'a', team: 'north', score: 3 }, { id: 'b', team: 'north', score: 5 }, { id: 'c', team: 'south', score: 8 }, { id: 'd', team: 'south', score: 9 }], by: 'z-score' })
 * ```
 */
export function calibrate(i: {
  readonly people: readonly TeamScore[]
  readonly by: 'z-score' | 'percentile'
}): { readonly id: string; readonly team: string; readonly score: number; readonly calibrated: number }[] {
  const people = listOf(i.people, 'people', 0) as readonly TeamScore[]
  distinct(
    people.map(({ id }) => id),
    'people',
  )
  if (people.length === 0) return []
  const scores = people.map(({ id, score }) => finite(score, `people.${id}.score`))
  const teams = new Map<string, number[]>()
  people.forEach(({ team }, at) => {
    const mine = teams.get(team)
    if (mine) mine.push(at)
    else teams.set(team, [at])
  })
  const all = { mean: meanOf(scores), deviation: scores.length > 1 ? sampleStandardDeviation(scores) : 0 }
  const calibrated = new Array<number>(people.length)
  for (const members of teams.values()) {
    const mine = members.map((at) => scores[at]!)
    const ranks = fractionalRanks(mine)
    const mean = meanOf(mine)
    const deviation = mine.length > 1 ? sampleStandardDeviation(mine) : 0
    members.forEach((at, place) => {
      if (i.by === 'percentile') calibrated[at] = (ranks[place]! - 0.5) / mine.length
      else calibrated[at] = all.mean + (deviation > 0 ? ((mine[place]! - mean) / deviation) * all.deviation : 0)
    })
  }
  return people.map(({ id, team, score }, at) => ({ id, team, score, calibrated: calibrated[at]! }))
}

/** A grade and the share of people who should get it. */
export interface Grade {
  readonly id: string
  readonly share: string | number
}

/**
 * Deals grades from the best score down, so that each grade gets its share of people (largest remainder). People with equal scores get
 * the same grade: `ties: 'up'` gives all of them the better one, `'down'` the worse.
 */
export function forcedDistribution(i: {
  readonly people: readonly { readonly id: string; readonly score: number }[]
  /** The best grade first. */
  readonly grades: readonly Grade[]
  readonly ties: 'up' | 'down'
}): { readonly id: string; readonly grade: string }[] {
  const people = listOf(i.people, 'people', 0) as readonly { readonly id: string; readonly score: number }[]
  distinct(
    people.map(({ id }) => id),
    'people',
  )
  const sum = i.grades.reduce((total, { id, share }) => total.plus(exactNotNegative(share, `grades.${id}.share`)), new Exact(0))
  if (!sum.eq(1)) throw wrong('grades', `have shares that sum to ${sum}`, 'Give shares that sum to 1.')
  if (people.length === 0) return []
  const seats = splitQuantity({ total: people.length, step: 1, by: i.grades.map(({ id, share }) => ({ id, weight: share })) })
  const gradeAt = seats.flatMap(({ id, amount }) => new Array<string>(Number(amount)).fill(id))
  const order = people
    .map(({ id, score }, at) => ({ at, score: finite(score, `people.${id}.score`) }))
    .sort((a, b) => b.score - a.score || a.at - b.at)
  const grades = new Array<string>(people.length)
  for (let from = 0, to: number; from < order.length; from = to) {
    to = from + 1
    while (to < order.length && order[to]!.score === order[from]!.score) to++
    for (let at = from; at < to; at++) grades[order[at]!.at] = gradeAt[i.ties === 'up' ? from : to - 1]!
  }
  return people.map(({ id }, at) => ({ id, grade: grades[at]! }))
}
