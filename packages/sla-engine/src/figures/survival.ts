import type { Confidence, Estimate } from './interval.ts'
import { Z } from './interval.ts'

/** How long something took, or has taken so far where it has not ended. */
export interface Lifetime {
  readonly ms: number
  readonly ended: boolean
}

/**
 * The share that takes longer than any length, from lifetimes of which some have not ended (Kaplan and Meier, Nonparametric
 * estimation from incomplete observations, JASA 53, 1958). Those that have not ended are assumed to go on like the others.
 */
export interface Survival {
  /** Lengths at which something ended, ascending; behind them the share that takes longer, and Greenwood's sum (1926). */
  readonly times: Float64Array
  readonly shares: Float64Array
  readonly sums: Float64Array
  /** All lengths, ascending. */
  readonly all: Float64Array
}

export function survivalOf(lifetimes: readonly Lifetime[]): Survival {
  const sorted = [...lifetimes].sort((a, b) => a.ms - b.ms)
  const times: number[] = []
  const shares: number[] = []
  const sums: number[] = []
  let [share, sum] = [1, 0]
  for (let i = 0; i < sorted.length; ) {
    const { ms } = sorted[i]!
    const atRisk = sorted.length - i
    let ends = 0
    // what has not ended at the length at which others ended is known to take longer
    for (; i < sorted.length && sorted[i]!.ms === ms; i++) if (sorted[i]!.ended) ends++
    if (ends === 0) continue
    share *= 1 - ends / atRisk
    sum += ends / (atRisk * (atRisk - ends))
    times.push(ms)
    shares.push(share)
    sums.push(sum)
  }
  return {
    times: Float64Array.from(times),
    shares: Float64Array.from(shares),
    sums: Float64Array.from(sums),
    all: Float64Array.from(sorted, ({ ms }) => ms),
  }
}

/** How many took longer than that: what an answer about something of that age rests on. */
export const olderThan = ({ all }: Survival, age: number): number => all.length - countUpTo(all, age)

/**
 * The share that takes longer than `ms` among those that have taken `age` already; null when none is known to have. Its interval is
 * the one on the scale log(−log) (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, section 1.4); where all or
 * none ended it is the exact one of a share of 0 or 1 (Clopper and Pearson, 1934), and beyond the longest that is known it goes to 0.
 */
export function longerThan(survival: Survival, ms: number, age: number, confidence: Confidence): Estimate | null {
  const atRisk = olderThan(survival, age)
  if (atRisk === 0) return null
  const [before, upTo] = [countUpTo(survival.times, age), countUpTo(survival.times, Math.max(age, ms))]
  const given = before === 0 ? 1 : survival.shares[before - 1]!
  const value = upTo === 0 ? 1 : survival.shares[upTo - 1]! / given
  const tail = (1 - confidence) / 2
  if (upTo === before) {
    const left = olderThan(survival, Math.max(age, ms))
    return { value: 1, low: left === 0 ? 0 : tail ** (1 / left), high: 1 }
  }
  if (value === 0) return { value: 0, low: 0, high: 1 - tail ** (1 / atRisk) }
  const sum = survival.sums[upTo - 1]! - (before === 0 ? 0 : survival.sums[before - 1]!)
  const reach = (Z[confidence] * Math.sqrt(sum)) / -Math.log(value)
  const beyond = ms > survival.all.at(-1)!
  return { value, low: beyond ? 0 : value ** Math.exp(reach), high: value ** Math.exp(-reach) }
}

/** The length that half of those of an age do not exceed; null where less than half is known to have ended. */
export function medianFrom(survival: Survival, age: number): number | null {
  if (olderThan(survival, age) === 0) return null
  const before = countUpTo(survival.times, age)
  const given = before === 0 ? 1 : survival.shares[before - 1]!
  for (let i = before; i < survival.times.length; i++) if (survival.shares[i]! <= given / 2 + 1e-12) return survival.times[i]!
  return null
}

/** The median with its interval (Brookmeyer and Crowley, A confidence interval for the median survival time, Biometrics 38, 1982). */
export function medianEstimate(survival: Survival, confidence: Confidence): { value: number; low: number; high: number | null } | null {
  const value = medianFrom(survival, -1)
  if (value === null) return null
  const half = (bound: 'low' | 'high') =>
    survival.times.find((ms) => longerThan(survival, ms, -1, confidence)![bound] <= 0.5 + 1e-12) ?? null
  return { value, low: half('low') ?? value, high: half('high') }
}

/** How many of some ascending lengths are at most that. */
function countUpTo(sorted: Float64Array, ms: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! <= ms) low = middle + 1
    else high = middle
  }
  return low
}
