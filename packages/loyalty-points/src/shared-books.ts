import {
  all,
  behind,
  type Context,
  cursorAt,
  field,
  fold,
  get,
  list,
  type Operation,
  read,
  type StoredEvent,
} from '@patronkit/core/service'
import { charge } from './budgets.ts'
import type { LoyaltyEvents } from './model.ts'
import { type Owner, ownerOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import type { Why } from './save.ts'
import { budgets, codeUses, referrals, stock } from './tables.ts'
import { NO_SHARES, type Shares, withCharge, withTook } from './took.ts'
import { type Broken, PAGE, wrong } from './walk.ts'

const MANY = 10_000_000
/** So many codes are asked for by name in one list. */
const NAMES = 500

/** What an account took of shared things, as its events say. An account that was erased left that with its last event. */
export function* sharesOf(book: Rulebook, ctx: Context, stored: readonly StoredEvent[]): Operation<Shares> {
  const last = stored.findLastIndex(({ type }) => type === 'loyalty.erased')
  let shares = last < 0 ? NO_SHARES : (JSON.parse(stored[last]!.body!) as LoyaltyEvents['loyalty.erased']).shares
  for (const { body, effectiveAt } of stored.slice(last + 1)) {
    const { why, posting } = JSON.parse(body!) as { readonly why?: Why; readonly posting: string }
    if (!why) continue
    if (why.took) shares = withTook(shares, posting, effectiveAt, why.took)
    if (why.uses.length === 0) continue
    const { programme } = yield* book.pinned(ctx, why.programme)
    for (const use of why.uses) shares = withCharge(shares, use.campaign, charge(programme, use))
  }
  return shares
}

/** Codes that an account used, and who brought it: rows of its own, although under another key. */
export function* ownSharesBroken(ctx: Context, owner: Owner, { codes, referral }: Shares): Operation<Broken | null> {
  const { programme, account } = ownerOf(owner)
  const [brought] = yield* read(ctx, get(referrals, { programme, referee: account }))
  const row = `loyalty_referral ${programme} ${account}`
  if (brought && !referral) return wrong(owner, 'no event says that somebody brought the account', { row })
  if (referral && (brought?.referrer !== referral.referrer || brought.at !== referral.at))
    return wrong(owner, 'the row is not what the event says of who brought the account', { row })
  for (let from = 0; from < codes.length; from += NAMES) {
    const some = codes.slice(from, from + NAMES)
    const where = all(field('programme').eq(programme), field('code').in(some.map(({ code }) => code)))
    const [rows] = yield* read(ctx, list(codeUses, { where, limit: NAMES }))
    const used = new Map(rows.map(({ code, posting }) => [code, posting]))
    const off = some.find(({ code, posting }) => used.get(code) !== posting)
    if (off)
      return wrong(owner, `the row does not say that ${off.posting} used the code`, { row: `loyalty_code_use ${programme} ${off.code}` })
  }
  return null
}

/** A number that many accounts make together. */
interface Sum {
  readonly programme: string
  readonly row: string
  readonly column: string
}

const sumKey = ({ programme, row, column }: Sum): string => JSON.stringify([programme, row, column])

/** What all accounts together took, summed account by account: as many numbers as there are campaigns and limited things. */
export interface Together {
  readonly sums: Map<string, { readonly of: Sum; n: number }>
  codes: number
}

export const nothingYet = (): Together => ({ sums: new Map(), codes: 0 })

/** Adds what one account took. */
export function addShares(together: Together, { programme }: Owner, shares: Shares): void {
  const add = (of: Sum, n: number) => {
    const known = together.sums.get(sumKey(of))
    if (known) known.n += n
    else together.sums.set(sumKey(of), { of, n })
  }
  for (const [campaign, { points, money }] of Object.entries(shares.budgets)) {
    const row = `loyalty_budget ${programme} ${campaign}`
    add({ programme, row, column: 'points' }, points)
    add({ programme, row, column: 'money' }, money)
  }
  for (const [item, n] of Object.entries(shares.stock)) add({ programme, row: `loyalty_stock ${programme} ${item}`, column: 'taken' }, n)
  together.codes += shares.codes.length
}

/** The shared counters as they stand. */
export function* standing(ctx: Context): Operation<Together> {
  const [ofBudgets, ofStock, [uses]] = yield* read(
    ctx,
    list(budgets, { where: all(), limit: MANY }),
    list(stock, { where: all(), limit: MANY }),
    fold(codeUses, { where: all(), limit: 1 }),
  )
  const together = nothingYet()
  for (const { programme, campaign, points, money } of ofBudgets)
    addShares(together, { programme, account: '' }, { ...NO_SHARES, budgets: { [campaign]: { points, money } } })
  for (const { programme, item, taken } of ofStock)
    addShares(together, { programme, account: '' }, { ...NO_SHARES, stock: { [item]: taken } })
  return { ...together, codes: uses!.count }
}

/**
 * The first counter that is not what all accounts say together. They were read one after the other, and whoever used a budget
 * meanwhile may count or not: so a sum is right between what the counter was before and what it is after. At rest that is one number.
 */
export function countersBroken(told: Together, before: Together, after: Together): Broken | null {
  for (const [key, { of }] of new Map([...told.sums, ...before.sums, ...after.sums])) {
    const [n, first, last] = [told.sums.get(key)?.n, before.sums.get(key)?.n, after.sums.get(key)?.n]
    const owner = { programme: of.programme, account: '' }
    if (last === undefined) return wrong(owner, `the row is gone, ${of.column} is ${n}`, { row: of.row })
    if (n === undefined && first !== undefined) return wrong(owner, 'no event makes this row', { row: of.row })
    const [low, high] = [Math.min(first ?? 0, last), Math.max(first ?? 0, last)]
    if ((n ?? 0) < low || (n ?? 0) > high) return wrong(owner, `${of.column} is ${last}, events come to ${n ?? 0}`, { row: of.row })
  }
  return null
}

/** The first use of a code that no account's event says. `strike` takes out of a page what the events of all accounts say. */
export function* strayUse(ctx: Context, strike: (page: Map<string, string>) => Operation<void>): Operation<Broken | null> {
  const order = ['programme', 'code']
  for (let cursor: string | undefined; ; ) {
    const [page] = yield* read(ctx, list(codeUses, { where: behind(order, cursor), order, limit: PAGE }))
    const left = new Map(page.map(({ programme, code }) => [JSON.stringify([programme, code]), programme]))
    yield* strike(left)
    for (const [key, programme] of left) {
      const [, code] = JSON.parse(key) as readonly [string, string]
      return wrong({ programme, account: '' }, 'no event uses this code', { row: `loyalty_code_use ${programme} ${code}` })
    }
    if (page.length < PAGE) return null
    cursor = cursorAt(order, page.at(-1)!)
  }
}
