import { compareText } from '@patronkit/core/storage'
import { whole } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { bucketOf } from '../rules/bucket.ts'
import { wilson } from './wilson.ts'

/** A sample in which each stratum has its share of the whole. */
export interface StratifiedSample {
  readonly ids: readonly string[]
  readonly strata: readonly { readonly stratum: string; readonly of: number; readonly taken: number }[]
}

/**
 * Takes `size` of some customers so that each stratum keeps its share, odd places going to the largest remainders. Who is taken
 * follows from a hash of salt and id: the same on every machine, in whatever order the customers come.
 */
export function stratifiedSample(i: {
  readonly customers: Iterable<{ readonly id: string; readonly stratum: string }>
  readonly size: number
  readonly salt: string
}): StratifiedSample {
  const size = whole(i.size, 'size', 1)
  const strata = new Map<string, string[]>()
  let all = 0
  for (const { id, stratum } of i.customers) {
    all++
    const known = strata.get(stratum)
    if (known) known.push(id)
    else strata.set(stratum, [id])
  }
  if (size > all) throw wrong('size', `is ${size} of ${all}`, 'Ask for at most all of them.')
  const shares = [...strata].map(([stratum, ids]) => ({ stratum, ids, exact: (ids.length * size) / all }))
  const taken = new Map(shares.map(({ stratum, exact }) => [stratum, Math.floor(exact)]))
  let left = size - [...taken.values()].reduce((sum, count) => sum + count, 0)
  const byRest = shares.toSorted((a, b) => (b.exact % 1) - (a.exact % 1) || compareText(a.stratum, b.stratum))
  for (const { stratum } of byRest) if (left-- > 0) taken.set(stratum, taken.get(stratum)! + 1)
  return {
    ids: shares.flatMap(({ stratum, ids }) => first(ids, taken.get(stratum)!, i.salt)),
    strata: shares.map(({ stratum, ids }) => ({ stratum, of: ids.length, taken: taken.get(stratum)! })),
  }
}

const first = (ids: readonly string[], count: number, salt: string): string[] =>
  ids
    .map((id) => ({ id, bucket: bucketOf(salt, id) }))
    .sort((a, b) => a.bucket - b.bucket || compareText(a.id, b.id))
    .slice(0, count)
    .map(({ id }) => id)

/** How many of a population a rule takes, told from a sample. */
export interface Estimate {
  readonly members: number
  readonly low: number
  readonly high: number
}

/** Scales what a random sample shows to the population, with the bounds that hold it with the given confidence. */
export function estimateMembers(i: {
  readonly matched: number
  readonly sampled: number
  readonly of: number
  readonly confidence?: number
}): Estimate {
  const of = whole(i.of, 'of', 1)
  const { share, low, high } = wilson({
    count: i.matched,
    of: i.sampled,
    ...(i.confidence === undefined ? {} : { confidence: i.confidence }),
  })
  if (i.sampled >= of) return { members: i.matched, low: i.matched, high: i.matched }
  return { members: Math.round(share * of), low: Math.floor(low * of), high: Math.ceil(high * of) }
}
