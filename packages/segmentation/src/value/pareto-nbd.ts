import { notNegative, positive } from '../checks.ts'
import { byMeanAge, checkHistory, grouped, type PurchaseHistory, type TimeUnit } from './history.ts'
import { hypergeometric } from './hypergeometric.ts'
import { maximise } from './maximise.ts'

/** Purchases by gamma(r, alpha), and a lifetime of its own by gamma(s, beta). */
export interface ParetoNbd {
  readonly r: number
  readonly alpha: number
  readonly s: number
  readonly beta: number
  /** The unit of the histories it was fitted to; horizons and ages are in the same one. */
  readonly unit?: TimeUnit
}

export interface ParetoNbdFit extends ParetoNbd {
  readonly logLikelihood: number
  readonly customers: number
  readonly groups: number
}

/** Fits Pareto/NBD by maximum likelihood (Schmittlein, Morrison and Colombo 1987; Fader and Hardie, A note on deriving the Pareto/NBD model, 2005). */
export function fitParetoNbd(i: { readonly histories: readonly PurchaseHistory[]; readonly unit?: TimeUnit }): ParetoNbdFit {
  const of = grouped(i.histories)
  const { scale, recency, age, purchases } = byMeanAge(of)
  const { x, weight, mostPurchases } = of
  const rising = new Float64Array(mostPurchases + 1)
  const likelihood = ([r, alpha, s, beta]: readonly number[]): number => {
    for (let k = 1; k <= mostPurchases; k++) rising[k] = rising[k - 1]! + Math.log(r! + k - 1)
    const model = { r: r!, alpha: alpha!, s: s!, beta: beta! }
    const start = r! * Math.log(alpha!) + s! * Math.log(beta!)
    let sum = 0
    for (let g = 0; g < x.length; g++) {
      const gone = logOddsGone(model, x[g]!, recency[g]!, age[g]!)
      const lasting = (r! + x[g]!) * Math.log(alpha! + age[g]!) + s! * Math.log(beta! + age[g]!)
      sum += weight[g]! * (rising[x[g]!]! + start - lasting + (gone > 30 ? gone + Math.log1p(Math.exp(-gone)) : Math.log1p(Math.exp(gone))))
    }
    return sum
  }
  const [r, alpha, s, beta] = maximise('Pareto/NBD', likelihood, [0.5, 0.3, 0.6, 0.4]) as [number, number, number, number]
  return {
    r,
    alpha: alpha * scale,
    s,
    beta: beta * scale,
    logLikelihood: likelihood([r, alpha, s, beta]) - purchases * Math.log(scale),
    customers: of.customers,
    groups: x.length,
    ...(i.unit ? { unit: i.unit } : {}),
  }
}

/**
 * ln of (1 − P(alive)) / P(alive). Kept as a logarithm: the powers behind it pass every double for frequent buyers. The part up
 * to the last purchase less the part up to now, each over the term that both are compared with.
 */
function logOddsGone({ r, alpha, s, beta }: ParetoNbd, x: number, recency: number, age: number): number {
  const part = (t: number): number => {
    const [low, high] = alpha < beta ? [alpha, beta] : [beta, alpha]
    const z = (high - low) / (high + t)
    const all = r + s + x
    // 2F1(A, B; A+1; z) by Euler's transformation where B grows with x
    const series =
      alpha < beta
        ? (1 - r - x) * Math.log1p(-z) + Math.log(hypergeometric(1, s + 1, all + 1, z))
        : Math.log(hypergeometric(all, s + 1, all + 1, z))
    return series - all * Math.log(high + t) + (r + x) * Math.log(alpha + age) + s * Math.log(beta + age)
  }
  const upTo = part(recency)
  const now = part(age)
  return Math.log(s / (r + s + x)) + upTo + Math.log1p(-Math.exp(Math.min(0, now - upTo)))
}

/** The chance that a customer is still there. */
export function paretoNbdAlive(i: { readonly model: ParetoNbd } & PurchaseHistory): number {
  checkModel(i.model)
  checkHistory(i, 'history')
  return 1 / (1 + Math.exp(logOddsGone(i.model, i.frequency, i.recency, i.age)))
}

/** Purchases expected of a customer within `horizon` from now. */
export function paretoNbdExpectedPurchases(i: { readonly model: ParetoNbd; readonly horizon: number } & PurchaseHistory): number {
  const { r, alpha, s, beta } = checkModel(i.model)
  const horizon = notNegative(i.horizon, 'horizon')
  const rate = (r + i.frequency) / (alpha + i.age)
  return paretoNbdAlive(i) * rate * living(s, beta + i.age, horizon)
}

/** Purchases expected of a new customer within `horizon` of the first. */
export function paretoNbdExpectedPurchasesNew(i: { readonly model: ParetoNbd; readonly horizon: number }): number {
  const { r, alpha, s, beta } = checkModel(i.model)
  return (r / alpha) * living(s, beta, notNegative(i.horizon, 'horizon'))
}

/** The mean time within `horizon` that somebody lives whose rate of leaving is gamma(s, beta): at s = 1 a logarithm. */
const living = (s: number, beta: number, horizon: number): number => {
  const ln = Math.log1p(horizon / beta)
  return Math.abs(s - 1) < 1e-12 ? beta * ln : (-beta * Math.expm1((1 - s) * ln)) / (s - 1)
}

function checkModel(model: ParetoNbd): ParetoNbd {
  for (const name of ['r', 'alpha', 's', 'beta'] as const) positive(model?.[name], `model.${name}`)
  return model
}
