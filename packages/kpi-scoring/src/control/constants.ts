import { whole } from '../checks.ts'
import { normalDensity, normalShare } from '../normal.ts'
import { wrong } from '../refusals.ts'

/** What samples of `n` normal values are known for: E(range) = d2 σ, SD(range) = d3 σ, E(s) = c4 σ. */
export interface ControlConstants {
  readonly d2: number
  readonly d3: number
  readonly c4: number
}

/** `exact`: by integration, to 12 digits or more. `table`: the three decimals of the textbooks. Or the two that you were given. */
export type Constants = 'exact' | 'table' | { readonly d2: number; readonly d3: number }

/** Subgroups larger than this are watched by their standard deviation; the range wastes what they know. */
const LARGEST = 1_000

/**
 * The constants of control charts for subgroups of n values.
 *
 * @example
 * ```ts
 * import { controlConstants } from '@patronkit/kpi-scoring'
 *
 * controlConstants({ n: 5 }).d2 // 2.3259289472810…
 * ```
 */
export function controlConstants(i: { readonly n: number }): ControlConstants {
  const n = whole(i.n, 'n', 2)
  if (n > LARGEST) throw wrong('n', `is ${n}`, `Subgroups have at most ${LARGEST} values; split them, or chart individual values.`)
  const known = cache.get(n)
  if (known) return known
  const d2 = meanRange(n)
  const d3 = Math.sqrt(meanSquaredRange(n) - d2 * d2)
  const constants = Object.freeze({ d2, d3, c4: c4Of(n) })
  cache.set(n, constants)
  return constants
}

const cache = new Map<number, ControlConstants>()

const STEP = 0.125
const REACH = 9

/** E(range) = ∫ 1 − Φⁿ − (1 − Φ)ⁿ (Tippett, 1925). The trapezoid rule over the whole line gains digits with every halving. */
function meanRange(n: number): number {
  let sum = 0
  for (let x = -REACH; x <= REACH; x += STEP) sum += 1 - normalShare(x) ** n - normalShare(-x) ** n
  return sum * STEP
}

/** E(range²) = 2 ∫ r P(range > r) dr, in panels of Gauss's rule. */
function meanSquaredRange(n: number): number {
  const widest = 2 * REACH
  const panels = 24
  const half = widest / panels / 2
  let sum = 0
  for (let panel = 0; panel < panels; panel++) {
    const middle = (2 * panel + 1) * half
    for (const [x, weight] of GAUSS)
      for (const r of [middle + x * half, middle - x * half]) sum += weight * half * r * (1 - rangeShare(n, r))
  }
  return 2 * sum
}

/** P(range ≤ r) = n ∫ φ(x) (Φ(x + r) − Φ(x))ⁿ⁻¹ dx. */
function rangeShare(n: number, r: number): number {
  let sum = 0
  for (let x = -REACH; x <= REACH; x += STEP) sum += normalDensity(x) * (normalShare(x + r) - normalShare(x)) ** (n - 1)
  return n * sum * STEP
}

/** Half of the nodes and weights of Gauss's rule with 10 points (Abramowitz and Stegun 25.4.30). */
const GAUSS: readonly (readonly [node: number, weight: number])[] = [
  [0.14887433898163122, 0.29552422471475287],
  [0.4333953941292472, 0.26926671930999635],
  [0.6794095682990244, 0.21908636251598204],
  [0.8650633666889845, 0.1494513491505806],
  [0.9739065285171717, 0.06667134430868814],
]

/** c4 = √(2 / (n − 1)) Γ(n/2) / Γ((n − 1)/2); the quotient q of the two follows from q(n + 1) = (n − 1) / (2 q(n)). */
function c4Of(n: number): number {
  let quotient = 1 / Math.sqrt(Math.PI)
  for (let m = 2; m < n; m++) quotient = (m - 1) / 2 / quotient
  return Math.sqrt(2 / (n - 1)) * quotient
}

/** The factors that lead from a mean range or mean deviation to limits. */
export interface Factors {
  /** Mean range or deviation ÷ this = σ. */
  readonly sigma: number
  /** Limits of the mean = grand mean ± this × mean range or deviation. */
  readonly mean: number
  /** Limits of the range or deviation = these × their mean. */
  readonly lower: number
  readonly upper: number
}

/** Factors for ranges (A2, D3, D4) or standard deviations (A3, B3, B4). Table factors are rounded one by one, as they are printed. */
export function factorsOf(n: number, of: 'range' | 'deviation', constants: Constants): Factors {
  const exact = controlConstants({ n })
  const given = typeof constants === 'object' ? constants : exact
  const [unit, spread] = of === 'range' ? [given.d2, given.d3] : [exact.c4, Math.sqrt(1 - exact.c4 ** 2)]
  if (!(unit > 0 && spread > 0)) throw wrong('constants', `are ${unit} and ${spread}`, "Give { d2, d3 } above 0, 'exact' or 'table'.")
  const factors = {
    sigma: unit,
    mean: 3 / (unit * Math.sqrt(n)),
    lower: Math.max(0, 1 - (3 * spread) / unit),
    upper: 1 + (3 * spread) / unit,
  }
  if (constants !== 'table') return factors
  // c4 is printed with four decimals, everything else with three.
  const decimals = of === 'range' ? 3 : 4
  return { sigma: round(unit, decimals), mean: round(factors.mean, 3), lower: round(factors.lower, 3), upper: round(factors.upper, 3) }
}

const round = (value: number, decimals: number): number => Math.round(value * 10 ** decimals) / 10 ** decimals
