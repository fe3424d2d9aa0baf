import { defineProgramme } from '@patronkit/loyalty-points'

export const START = Date.UTC(2026, 0, 1)
export const ACCOUNTS = 1_000
export const eur = (amount: string) => ({ amount, currency: 'EUR' })

export const programme = defineProgramme({
  id: 'stars',
  currency: 'star',
  earn: [{ points: 1, per: eur('1.00') }],
  redeem: { points: 100, worth: eur('1.00') },
  expiry: { kind: 'months', months: 12, roundUpTo: 'month' },
})

/** What was measured, ours, beside raw SQL, and ours as a share or a multiple of it. */
export type Line = readonly [what: string, ours: string, raw: string, ratio: string]

export interface Measured {
  readonly lines: readonly Line[]
  readonly targets: readonly { readonly what: string; readonly is: string; readonly met: boolean }[]
}

export const perSecond = (ns: number): string => `${Number((1e9 / ns).toPrecision(3)).toLocaleString('en')} /s`
