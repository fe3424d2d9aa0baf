import { type Exact as Decimal, Exact, exactNotNegative, textOf } from '../exact.ts'

/** What was paid in each period, and what is still owed after it. */
export interface Draw {
  readonly paid: readonly string[]
  readonly balance: readonly string[]
}

/**
 * A recoverable draw: at least this much is paid each period, and what was advanced is kept back from later earnings. In every period
 * paid = max(draw, earned − balance before), and paid − earned is what the balance grows by.
 *
 * @example
 * ```ts
 * import { draw } from '@patronkit/kpi-scoring'
 *
 * draw({ recoverable: '3000', earned: ['2000', '5000', '1000'] }) // paid 3000, 4000, 3000; owed 1000, 0, 2000
 * ```
 */
export function draw(i: { readonly recoverable: string | number; readonly earned: readonly (string | number)[] }): Draw {
  const recoverable = exactNotNegative(i.recoverable, 'recoverable')
  let owed: Decimal = new Exact(0)
  const paid: string[] = []
  const balance: string[] = []
  i.earned.forEach((given, at) => {
    const earned = exactNotNegative(given, `earned.${at}`)
    const now = Exact.max(recoverable, earned.minus(owed))
    owed = owed.plus(now).minus(earned)
    paid.push(textOf(now))
    balance.push(textOf(owed))
  })
  return { paid, balance }
}
