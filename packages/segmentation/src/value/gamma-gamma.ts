import { gammaln } from 'simple-statistics'
import { notNegative, positive, whole } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { maximise } from './maximise.ts'

/** Spend per purchase: gamma(p, ν) around a mean that differs between customers by ν ~ gamma(q, v). */
export interface GammaGamma {
  readonly p: number
  readonly q: number
  readonly v: number
}

export interface GammaGammaFit extends GammaGamma {
  readonly logLikelihood: number
  readonly customers: number
}

/** Purchases and their mean worth; both in whatever currency and unit the fit is to speak. */
export interface Spend {
  readonly frequency: number
  readonly meanSpend: number
  readonly customers?: number
}

/**
 * Fits Gamma-Gamma by maximum likelihood (Fader, Hardie and Lee, RFM and CLV: Using iso-value curves, 2005). Customers without a
 * repeat say nothing about spend and are left out.
 */
export function fitGammaGamma(i: { readonly spends: readonly Spend[] }): GammaGammaFit {
  const of = i.spends.filter((one, at) => {
    whole(one.frequency, `spends.${at}.frequency`, 0)
    notNegative(one.meanSpend, `spends.${at}.meanSpend`)
    if (one.frequency > 0 && one.meanSpend === 0) throw wrong(`spends.${at}.meanSpend`, 'is 0', 'Leave customers out who paid nothing.')
    return one.frequency > 0
  })
  if (of.length < 2) throw wrong('spends', `has ${of.length} customers with a repeat`, 'Give at least two.')
  const most = of.reduce((found, { frequency }) => Math.max(found, frequency), 0)
  const weightOf = new Float64Array(most + 1)
  let customers = 0
  let scale = 0
  for (const { frequency, meanSpend, customers: weight = 1 } of of) {
    weightOf[frequency]! += weight
    customers += weight
    scale += weight * meanSpend
  }
  scale /= customers
  const n = of.map(({ frequency }) => frequency)
  const z = of.map(({ meanSpend }) => meanSpend / scale)
  const weights = of.map(({ customers: weight = 1 }) => weight)
  const logs = z.map((value, at) => [Math.log(value), Math.log(n[at]!)] as const)
  const likelihood = ([p, q, v]: readonly number[]): number => {
    const start = q! * Math.log(v!) - gammaln(q!)
    let sum = 0
    // ln Γ depends on the number of purchases alone
    for (let k = 1; k <= most; k++) if (weightOf[k]) sum += weightOf[k]! * (gammaln(p! * k + q!) - gammaln(p! * k) + start)
    for (let g = 0; g < n.length; g++) {
      const [logZ, logN] = logs[g]!
      sum += weights[g]! * ((p! * n[g]! - 1) * logZ + p! * n[g]! * logN - (p! * n[g]! + q!) * Math.log(n[g]! * z[g]! + v!))
    }
    return sum
  }
  const [p, q, v] = maximise('Gamma-Gamma', likelihood, [6, 4, 0.5]) as [number, number, number]
  return { p, q, v: v * scale, logLikelihood: likelihood([p, q, v]) - customers * Math.log(scale), customers }
}

/** What a customer is expected to spend at a purchase; without a repeat, the mean of all. */
export function gammaGammaExpectedSpend(i: { readonly model: GammaGamma } & Spend): number {
  const { p, q, v } = checkModel(i.model)
  const frequency = whole(i.frequency, 'frequency', 0)
  const meanSpend = frequency === 0 ? 0 : notNegative(i.meanSpend, 'meanSpend')
  if (p * frequency + q <= 1) throw wrong('model.q', `is ${q}: with it the mean of all is infinite`, 'Fit the model to more customers.')
  return (p * (v + frequency * meanSpend)) / (p * frequency + q - 1)
}

function checkModel(model: GammaGamma): GammaGamma {
  for (const name of ['p', 'q', 'v'] as const) positive(model?.[name], `model.${name}`)
  return model
}
