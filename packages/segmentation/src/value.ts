import './refusals.ts'

export {
  type BgNbd,
  type BgNbdFit,
  bgNbdAlive,
  bgNbdExpectedPurchases,
  bgNbdExpectedPurchasesNew,
  bgNbdPredictor,
  bgNbdProbabilityOfPurchases,
  fitBgNbd,
} from './value/bg-nbd.ts'
export { fitGammaGamma, type GammaGamma, type GammaGammaFit, gammaGammaExpectedSpend, type Spend } from './value/gamma-gamma.ts'
export type { PurchaseHistory, TimeUnit } from './value/history.ts'
export { type LifetimeValue, lifetimeValue } from './value/lifetime-value.ts'
export {
  fitParetoNbd,
  type ParetoNbd,
  type ParetoNbdFit,
  paretoNbdAlive,
  paretoNbdExpectedPurchases,
  paretoNbdExpectedPurchasesNew,
} from './value/pareto-nbd.ts'
export { type CustomerHistory, type Purchase, purchaseHistories } from './value/summary.ts'
