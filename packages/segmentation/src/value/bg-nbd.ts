import { notNegative, positive, whole } from '../checks.ts'
import { byMeanAge, checkHistory, grouped, type PurchaseHistory, type TimeUnit } from './history.ts'
import { hypergeometric } from './hypergeometric.ts'
import { maximise } from './maximise.ts'

/** Purchases by gamma(r, alpha), and after each a chance to leave for good by beta(a, b). */
export interface BgNbd {
  readonly r: number
  readonly alpha: number
  readonly a: number
  readonly b: number
  /** The unit of the histories it was fitted to; horizons and ages are in the same one. */
  readonly unit?: TimeUnit
}

export interface BgNbdFit extends BgNbd {
  readonly logLikelihood: number
  readonly customers: number
  /** Different histories among them: what a step of the fit costs. */
  readonly groups: number
}

/**
 * Fits BG/NBD by maximum likelihood (Fader, Hardie and Lee, "Counting your customers" the easy way, Marketing Science 24, 2005,
 * equation 6). Customers of equal history are put together first.
 */
export function fitBgNbd(i: { readonly histories: readonly PurchaseHistory[]; readonly unit?: TimeUnit }): BgNbdFit {
  const of = grouped(i.histories)
  const { scale, recency, age, purchases } = byMeanAge(of)
  const { x, weight, mostPurchases } = of
  // the sums of logarithms over 1 … x depend on x alone
  const rising = new Float64Array(mostPurchases + 1)
  const staying = new Float64Array(mostPurchases + 1)
  const likelihood = ([r, alpha, a, b]: readonly number[]): number => {
    for (let k = 1; k <= mostPurchases; k++) {
      rising[k] = rising[k - 1]! + Math.log(r! + k - 1)
      staying[k] = staying[k - 1]! + Math.log((b! + k - 1) / (a! + b! + k - 1))
    }
    const start = r! * Math.log(alpha!)
    let sum = 0
    for (let g = 0; g < x.length; g++) {
      const n = x[g]!
      const lasting = (r! + n) * Math.log(alpha! + age[g]!)
      const gone = n === 0 ? 0 : Math.log1p((a! / (b! + n - 1)) * Math.exp(lasting - (r! + n) * Math.log(alpha! + recency[g]!)))
      sum += weight[g]! * (rising[n]! + start + staying[n]! - lasting + gone)
    }
    return sum
  }
  const [r, alpha, a, b] = maximise('BG/NBD', likelihood, [0.5, 0.3, 1, 2]) as [number, number, number, number]
  return {
    r,
    alpha: alpha * scale,
    a,
    b,
    // densities per unit of time, not per mean age
    logLikelihood: likelihood([r, alpha, a, b]) - purchases * Math.log(scale),
    customers: of.customers,
    groups: x.length,
    ...(i.unit ? { unit: i.unit } : {}),
  }
}

/** The chance that a customer has not left for good. Whoever bought once has not: the model lets customers leave after repeats only. */
export function bgNbdAlive(i: { readonly model: BgNbd } & PurchaseHistory): number {
  checkModel(i.model)
  checkHistory(i, 'history')
  return alive(i.model, i.frequency, i.recency, i.age)
}

function alive({ r, alpha, a, b }: BgNbd, x: number, recency: number, age: number): number {
  if (x === 0) return 1
  return 1 / (1 + (a / (b + x - 1)) * Math.exp((r + x) * Math.log((alpha + age) / (alpha + recency))))
}

/** Purchases expected of a customer within `horizon` from now, after what was seen (equation 10). */
export function bgNbdExpectedPurchases(i: { readonly model: BgNbd; readonly horizon: number } & PurchaseHistory): number {
  checkModel(i.model)
  notNegative(i.horizon, 'horizon')
  checkHistory(i, 'history')
  return expected(i.model, i.horizon, i.frequency, i.recency, i.age)
}

/** The same for many, checked once and without an object a customer. */
export function bgNbdPredictor(i: {
  readonly model: BgNbd
  readonly horizon: number
}): (frequency: number, recency: number, age: number) => number {
  checkModel(i.model)
  notNegative(i.horizon, 'horizon')
  return (frequency, recency, age) => expected(i.model, i.horizon, frequency, recency, age)
}

function expected(model: BgNbd, horizon: number, x: number, recency: number, age: number): number {
  const chance = alive(model, x, recency, age)
  return chance === 0 ? 0 : chance * future(model, horizon, x, age)
}

/**
 * Of a customer who is still there. Euler's transformation takes the powers in x out of the series, which overflow for frequent
 * buyers: 2F1(r+x, b+x; a+b+x−1; z) = (1−z)^(a−1−r−x) 2F1(a+b−1−r, a−1; a+b+x−1; z).
 */
function future({ r, alpha, a, b }: BgNbd, horizon: number, x: number, age: number): number {
  const z = horizon / (alpha + age + horizon)
  if (z === 0) return 0
  const per = (at: number) =>
    (a + b + x - 1) * ((1 - Math.exp((at - 1) * Math.log1p(-z)) * hypergeometric(at + b - 1 - r, at - 1, at + b + x - 1, z)) / (at - 1))
  // at a = 1 the formula is 0/0; it is smooth there, so the middle of two neighbours stands for it
  return Math.abs(a - 1) > 1e-6 ? per(a) : (per(1 + 1e-5) + per(1 - 1e-5)) / 2
}

/** Purchases expected of a new customer within `horizon` of the first (equation 9). */
export function bgNbdExpectedPurchasesNew(i: { readonly model: BgNbd; readonly horizon: number }): number {
  checkModel(i.model)
  notNegative(i.horizon, 'horizon')
  return future(i.model, i.horizon, 0, 0)
}

/** The chance that a new customer buys exactly `count` times within `horizon` (equation 8). */
export function bgNbdProbabilityOfPurchases(i: { readonly model: BgNbd; readonly horizon: number; readonly count: number }): number {
  const { r, alpha, a, b } = checkModel(i.model)
  const horizon = notNegative(i.horizon, 'horizon')
  const count = whole(i.count, 'count', 0)
  const z = horizon / (alpha + horizon)
  // a negative binomial's shares: j purchases by whoever stays
  let share = Math.exp(r * Math.log1p(-z))
  let fewer = 0
  let staying = 1
  for (let j = 0; j < count; j++) {
    fewer += share
    share *= ((r + j) / (j + 1)) * z
    staying *= (b + j) / (a + b + j)
  }
  const active = staying * share
  if (count === 0) return active
  // Β(a+1, b+x−1) / Β(a, b)
  let leaving = a / (a + b)
  for (let j = 0; j < count - 1; j++) leaving *= (b + j) / (a + b + 1 + j)
  return active + leaving * (fewer < 0.5 ? 1 - fewer : atLeast(share, count, r, z))
}

/** What is left of the negative binomial from `count` on, summed itself: 1 less the rest would lose its digits. */
function atLeast(share: number, count: number, r: number, z: number): number {
  let sum = 0
  for (let j = count, term = share; ; j++) {
    const next = sum + term
    if (next === sum) return sum
    sum = next
    term *= ((r + j) / (j + 1)) * z
  }
}

function checkModel(model: BgNbd): BgNbd {
  for (const name of ['r', 'alpha', 'a', 'b'] as const) positive(model?.[name], `model.${name}`)
  return model
}
