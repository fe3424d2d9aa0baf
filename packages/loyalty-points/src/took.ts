/** What a posting took of things that all accounts share. It stands with the reasons of its event, and so under its hash. */
export interface Took {
  /** Pieces of limited rewards and offers: taken, or less than 0 put back. */
  readonly stock?: readonly { readonly item: string; readonly by: number }[]
  /** The code that a claim used up. */
  readonly code?: string
  /** Who brought the account. */
  readonly referrer?: string
}

/** What an account took of shared things, over all its postings. Money is in minor units. */
export interface Shares {
  readonly budgets: { readonly [campaign: string]: { readonly points: number; readonly money: number } }
  readonly stock: { readonly [item: string]: number }
  readonly codes: readonly { readonly code: string; readonly posting: string }[]
  readonly referral: { readonly referrer: string; readonly at: number } | null
}

export const NO_SHARES: Shares = { budgets: {}, stock: {}, codes: [], referral: null }

/** Shares after one more posting. */
export function withTook(shares: Shares, posting: string, at: number, took: Took): Shares {
  const stock = { ...shares.stock }
  for (const { item, by } of took.stock ?? []) stock[item] = (stock[item] ?? 0) + by
  return {
    budgets: shares.budgets,
    stock,
    codes: took.code === undefined ? shares.codes : [...shares.codes, { code: took.code, posting }],
    referral: took.referrer === undefined ? shares.referral : { referrer: took.referrer, at },
  }
}

/** Shares after a campaign's budget paid for one more earning. */
export function withCharge(shares: Shares, campaign: string, charge: { readonly points: number; readonly money: number }): Shares {
  const before = shares.budgets[campaign] ?? { points: 0, money: 0 }
  const after = { points: before.points + charge.points, money: before.money + charge.money }
  return { ...shares, budgets: { ...shares.budgets, [campaign]: after } }
}
