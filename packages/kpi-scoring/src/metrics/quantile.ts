import { shown } from '../checks.ts'
import { type Exact as Decimal, Exact, exact } from '../exact.ts'
import { wrong } from '../refusals.ts'
import type { Fold, QuantileFold, SimpleMetric } from './model.ts'

export const isQuantile = (fold: Fold): fold is QuantileFold => typeof fold === 'object' && fold !== null

/** A fold that needs every value, and so cannot be put together from parts. */
export const needsEveryValue = (fold: Fold): boolean => fold === 'median' || (isQuantile(fold) && fold.error === undefined)

/** A fold in a word. */
export const foldName = (fold: Fold): string =>
  isQuantile(fold) ? `quantile ${fold.quantile}${fold.error === undefined ? '' : ` within ${fold.error}`}` : fold

/** The place in order, from 1 up, of the value that at least this share of all does not exceed (SQL's `percentile_disc`). */
export const placeIn = (fold: QuantileFold, count: number): number => new Exact(fold.quantile).times(count).ceil().toNumber()

/** The share as whole numbers, `times` by `over`. */
export function shareOf(fold: QuantileFold): { readonly times: number; readonly over: number } {
  const share = new Exact(fold.quantile)
  const over = 10 ** share.decimalPlaces()
  return { times: share.times(over).toNumber(), over }
}

const FINEST = '0.0001'
const COARSEST = '0.2'

const FOLDS: readonly unknown[] = ['sum', 'count', 'mean', 'minimum', 'maximum', 'latest', 'median']

/** Refuses what is no fold, a share outside (0, 1], and an error that no sketch keeps. */
export function checkFold({ id, fold }: SimpleMetric): void {
  if (FOLDS.includes(fold)) return
  if (!isQuantile(fold)) throw wrong(`metric ${id}, fold`, `is ${shown(fold)}`, `Use ${FOLDS.join(', ')} or { quantile }.`)
  const share = within(fold.quantile, `metric ${id}, fold.quantile`)
  if (!(share.gt(0) && share.lte(1)))
    throw wrong(
      `metric ${id}, fold.quantile`,
      `is ${fold.quantile}`,
      'Give a share above 0 and up to 1; for the least value fold by minimum.',
    )
  if (fold.error === undefined) return
  const error = within(fold.error, `metric ${id}, fold.error`)
  if (error.lt(FINEST) || error.gt(COARSEST))
    throw wrong(
      `metric ${id}, fold.error`,
      `is ${fold.error}`,
      `Give a share from ${FINEST} to ${COARSEST}, or leave it out for the exact quantile.`,
    )
}

function within(text: string, path: string): Decimal {
  const number = exact(text, path)
  if (typeof text === 'string' && number.decimalPlaces() <= 6) return number
  throw wrong(path, `is ${String(text)}`, "Give a decimal text with at most six digits behind the point, such as '0.95'.")
}
