import { between, numbers } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** The nine kinds of sample quantile (Hyndman and Fan, Sample quantiles in statistical packages, 1996); 7 is that of R and Excel. */
export type QuantileType = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** Quantiles of some values at some shares, in the order of the shares. */
export function quantiles(i: {
  readonly values: readonly number[]
  readonly shares: readonly number[]
  readonly type?: QuantileType
}): number[] {
  const sorted = Float64Array.from(numbers(i.values, 'values')).sort()
  return i.shares.map((share, at) => quantileOf(sorted, between(share, `shares.${at}`), i.type ?? 7))
}

/** Places within this of a whole number are that number: 0.6 × 5 is 3.0000000000000004 only in doubles. */
const FUZZ = 1e-9

/** One quantile of sorted values. Between equal values it is that value itself, so ties are never parted by rounding. */
export function quantileOf(sorted: ArrayLike<number>, share: number, type: QuantileType): number {
  const n = sorted.length
  const place = n * share + shiftOf(type, share)
  const whole = Math.abs(place - Math.round(place)) < FUZZ ? Math.round(place) : Math.floor(place)
  const rest = Math.max(0, place - whole)
  const at = (rank: number) => sorted[Math.min(Math.max(rank, 1), n) - 1]!
  const [below, above] = [at(whole), at(whole + 1)]
  const part = partOf(type, whole, rest < FUZZ ? 0 : rest)
  return below === above || part === 0 ? below : part === 1 ? above : below + part * (above - below)
}

function shiftOf(type: QuantileType, share: number): number {
  switch (type) {
    case 1:
    case 2:
    case 4:
      return 0
    case 3:
      return -0.5
    case 5:
      return 0.5
    case 6:
      return share
    case 7:
      return 1 - share
    case 8:
      return (share + 1) / 3
    case 9:
      return share / 4 + 3 / 8
    default:
      throw wrong('type', `is ${String(type)}`, 'Give a type from 1 to 9.')
  }
}

function partOf(type: QuantileType, whole: number, rest: number): number {
  if (type === 1) return rest === 0 ? 0 : 1
  if (type === 2) return rest === 0 ? 0.5 : 1
  if (type === 3) return rest === 0 && whole % 2 === 0 ? 0 : 1
  return rest
}
