import { finite, listOf, whole } from '../checks.ts'
import { noSpread, wrong } from '../refusals.ts'

/** A label that a rater gave: a category, or a number on a scale. */
export type Rating = string | number

/**
 * Agreement of two raters beyond chance (Cohen, 1960): 1 for full, 0 for no more than chance.
 *
 * @example
 * ```ts
 * import { cohensKappa } from '@patronkit/kpi-scoring'
 *
 * cohensKappa({ a: ['pass', 'fail', 'pass', 'pass'], b: ['pass', 'fail', 'fail', 'pass'] }) // 0.5
 * ```
 */
export function cohensKappa(i: { readonly a: readonly Rating[]; readonly b: readonly Rating[] }): number {
  const [a, b] = [listOf(i.a, 'a') as readonly Rating[], listOf(i.b, 'b') as readonly Rating[]]
  if (a.length !== b.length) throw wrong('b', `has ${b.length} ratings, a has ${a.length}`, 'Give both raters the same items.')
  const shareOf = (ratings: readonly Rating[]) => {
    const counts = new Map<Rating, number>()
    for (const rating of ratings) counts.set(rating, (counts.get(rating) ?? 0) + 1 / ratings.length)
    return counts
  }
  const agreed = a.reduce<number>((count, rating, at) => (rating === b[at] ? count + 1 : count), 0) / a.length
  const ofB = shareOf(b)
  let chance = 0
  for (const [rating, share] of shareOf(a)) chance += share * (ofB.get(rating) ?? 0)
  return beyond(agreed, chance)
}

/** Agreement of any number of raters (Fleiss, 1971). One row an item, one column a category: how many raters chose it; rows sum alike. */
export function fleissKappa(i: { readonly counts: readonly (readonly number[])[] }): number {
  const rows = listOf(i.counts, 'counts') as readonly (readonly number[])[]
  const raters = rows[0]!.reduce((sum, count) => sum + count, 0)
  if (raters < 2) throw wrong('counts.0', `has ${raters} ratings`, 'Agreement needs at least two raters.')
  const chosen = new Array<number>(rows[0]!.length).fill(0)
  let agreed = 0
  rows.forEach((row, at) => {
    let [sum, pairs] = [0, 0]
    row.forEach((count, category) => {
      sum += whole(count, `counts.${at}.${category}`, 0)
      pairs += count * (count - 1)
      chosen[category]! += count
    })
    if (sum !== raters || row.length !== chosen.length)
      throw wrong(
        `counts.${at}`,
        `has ${sum} ratings in ${row.length} categories`,
        `Give ${raters} in ${chosen.length}, as in the first row.`,
      )
    agreed += pairs / (raters * (raters - 1))
  })
  const chance = chosen.reduce((sum, count) => sum + (count / (rows.length * raters)) ** 2, 0)
  return beyond(agreed / rows.length, chance)
}

/** One category for everything: agreement is full, and worth nothing. */
function beyond(agreed: number, chance: number): number {
  if (chance >= 1 - 1e-12) throw noSpread('every rating')
  return (agreed - chance) / (1 - chance)
}

/** How far two ratings are apart: only whether they differ, by rank, by distance, or by distance in proportion. */
export type RatingLevel = 'nominal' | 'ordinal' | 'interval' | 'ratio'

/**
 * Krippendorff's alpha: any number of raters, ratings may be missing (null), any level of measurement. One row a rater, one column an
 * item.
 */
export function krippendorffAlpha(i: { readonly ratings: readonly (readonly (Rating | null)[])[]; readonly level: RatingLevel }): number {
  const raters = listOf(i.ratings, 'ratings', 2) as readonly (readonly (Rating | null)[])[]
  const items = raters[0]!.length
  const counts: Map<Rating, number>[] = Array.from({ length: items }, () => new Map<Rating, number>())
  raters.forEach((row, at) => {
    if (row.length !== items)
      throw wrong(`ratings.${at}`, `has ${row.length} items, the first has ${items}`, 'Put null where a rater has none.')
    row.forEach((rating, item) => {
      if (rating === null) return
      if (i.level !== 'nominal') finite(rating, `ratings.${at}.${item}`)
      counts[item]!.set(rating, (counts[item]!.get(rating) ?? 0) + 1)
    })
  })
  // An item that one rater alone has seen says nothing about agreement.
  const pairable = counts.map((item) => ({ item, size: sumOf(item.values()) })).filter(({ size }) => size > 1)
  const totals = new Map<Rating, number>()
  for (const { item } of pairable) for (const [rating, count] of item) totals.set(rating, (totals.get(rating) ?? 0) + count)
  const distance = distanceOf(i.level, totals)
  let observed = 0
  for (const { item, size } of pairable) observed += apart(item, distance) / (size - 1)
  const all = sumOf(totals.values())
  const expected = all > 1 ? apart(totals, distance) / (all - 1) : 0
  if (expected === 0) throw noSpread('every rating')
  return 1 - observed / expected
}

const sumOf = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

function apart(counts: ReadonlyMap<Rating, number>, distance: (a: Rating, b: Rating) => number): number {
  let sum = 0
  for (const [a, m] of counts) for (const [b, n] of counts) if (a !== b) sum += m * n * distance(a, b)
  return sum
}

/** Squared distances, as Krippendorff defines them (Computing Krippendorff's alpha-reliability, 2011). */
function distanceOf(level: RatingLevel, totals: ReadonlyMap<Rating, number>): (a: Rating, b: Rating) => number {
  if (level === 'nominal') return () => 1
  if (level === 'interval') return (a, b) => (Number(a) - Number(b)) ** 2
  if (level === 'ratio') return (a, b) => (Number(a) + Number(b) === 0 ? 0 : ((Number(a) - Number(b)) / (Number(a) + Number(b))) ** 2)
  if (level !== 'ordinal') throw wrong('level', `is ${String(level)}`, 'Use nominal, ordinal, interval or ratio.')
  const sorted = [...totals].sort(([a], [b]) => Number(a) - Number(b))
  const middle = new Map<Rating, number>()
  let below = 0
  for (const [rating, count] of sorted) {
    middle.set(rating, below + count / 2)
    below += count
  }
  return (a, b) => (middle.get(a)! - middle.get(b)!) ** 2
}
