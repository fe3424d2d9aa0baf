import { PatronkitError } from '@patronkit/core'
import { toIso } from '@patronkit/core/service'

declare global {
  interface PatronkitErrorDetails {
    'loyalty/insufficient-points': { readonly account: string; readonly requested: number; readonly available: number }
    'loyalty/outside-redemption-limits': { readonly limit: string; readonly asked: number; readonly allowed: number }
    'loyalty/not-redeemable': { readonly programme: string; readonly what: string }
    'loyalty/account-frozen': { readonly account: string }
    'loyalty/account-merged': { readonly account: string; readonly into: string }
    'loyalty/other-programme': { readonly account: string; readonly programme: string }
    'loyalty/other-money': { readonly currency: string; readonly expected: string }
    'loyalty/hold-unknown': { readonly hold: string }
    'loyalty/exceeds-hold': { readonly hold: string; readonly held: number; readonly requested: number }
    'loyalty/already-captured': { readonly hold: string }
    'loyalty/already-released': { readonly hold: string }
    'loyalty/hold-expired': { readonly hold: string; readonly at: string }
    'loyalty/order-unknown': { readonly order: string }
    'loyalty/exceeds-order': { readonly order: string; readonly left: string; readonly requested: string }
    'loyalty/posting-unknown': { readonly posting: string }
    'loyalty/already-posted': { readonly posting: string }
    'loyalty/already-reversed': { readonly posting: string; readonly left: number }
    'loyalty/nothing-pending': { readonly posting: string }
    'loyalty/below-floor': { readonly account: string; readonly floor: number; readonly short: number }
    'loyalty/same-account': { readonly account: string }
    'loyalty/already-merged': { readonly account: string }
    'loyalty/holds-open': { readonly account: string; readonly holds: readonly string[] }
    'loyalty/not-merged': { readonly merge: string }
    'loyalty/points-out-of-range': { readonly points: string }
    'loyalty/before-account': { readonly account: string; readonly openedAt: string }
    'loyalty/in-the-future': { readonly at: string; readonly now: string }
    'loyalty/offer-unavailable': {
      readonly offer: string
      readonly why: 'unknown' | 'dates' | 'condition' | 'claimed' | 'sold-out' | 'needs-code' | 'code-unknown' | 'code-used'
    }
    'loyalty/over-limit': { readonly limit: string; readonly points: number; readonly allowed: number }
    'loyalty/over-spend-limit': {
      readonly limit: string
      readonly each: 'day' | 'week' | 'month'
      readonly of: 'points' | 'times'
      readonly spent: number
      readonly asked: number
      readonly allowed: number
      /** From when on it is possible, if nothing else is spent; null where it asks more than the limit ever allows. */
      readonly again: string | null
    }
    'loyalty/already-referred': { readonly referee: string }
    'loyalty/programme-unknown': { readonly programme: string; readonly at: string }
    'loyalty/account-unknown': { readonly programme: string; readonly account: string }
    'loyalty/order-on-several-accounts': { readonly order: string; readonly accounts: readonly string[] }
    'loyalty/no-lunar-date': { readonly year: number; readonly month: number; readonly day: number }
  }
}

type Code = Extract<keyof PatronkitErrorDetails, `loyalty/${string}`>

/** Why a decision says no: a code and its details. Nothing was written. */
export type Rejection = { readonly [C in Code]: { readonly code: C; readonly details: PatronkitErrorDetails[C] } }[Code]

type Said = { readonly [C in Code]: (d: PatronkitErrorDetails[C]) => string }

/** What went wrong with which one, and what to do. */
const SAID: Said = {
  'loyalty/insufficient-points': (d) =>
    `account ${d.account} has ${d.available} available points, ${d.requested} were asked. Ask for at most ${Math.max(0, d.available)}, or release a hold.`,
  'loyalty/outside-redemption-limits': (d) => `${d.asked} points break the limit ${d.limit}, which is ${d.allowed}. Ask within it.`,
  'loyalty/not-redeemable': (d) =>
    `programme ${d.programme} does not offer ${d.what}. Name one of its rewards, or give it a redemption rate.`,
  'loyalty/account-frozen': (d) => `account ${d.account} is frozen and spends nothing. Unfreeze it first.`,
  'loyalty/account-merged': (d) => `account ${d.account} was merged into ${d.into}. Use ${d.into}.`,
  'loyalty/other-programme': (d) => `account ${d.account} belongs to programme ${d.programme}. Use an account of its own for another one.`,
  'loyalty/other-money': (d) => `${d.currency} was given where the rule counts in ${d.expected}. Convert it first.`,
  'loyalty/hold-unknown': (d) => `hold ${d.hold} is not known. Check its id.`,
  'loyalty/exceeds-hold': (d) => `hold ${d.hold} has ${d.held} points, ${d.requested} were asked. Capture at most ${d.held}.`,
  'loyalty/already-captured': (d) => `hold ${d.hold} was captured before. A hold ends once.`,
  'loyalty/already-released': (d) => `hold ${d.hold} was released before. Take a new one.`,
  'loyalty/hold-expired': (d) => `hold ${d.hold} ended by itself at ${d.at}. Take a new one.`,
  'loyalty/order-unknown': (d) => `order ${d.order} has neither earned nor spent points here. Check its id.`,
  'loyalty/exceeds-order': (d) => `order ${d.order} has ${d.left} left to refund, ${d.requested} was asked. Refund at most what is left.`,
  'loyalty/posting-unknown': (d) => `posting ${d.posting} is not known. Check its id.`,
  'loyalty/already-posted': (d) => `${d.posting} was posted before. Each posting, hold and order is made once.`,
  'loyalty/already-reversed': (d) => `posting ${d.posting} has ${d.left} points left to reverse. A posting is reversed once.`,
  'loyalty/nothing-pending': (d) => `posting ${d.posting} has no pending points. They were released or taken back before.`,
  'loyalty/below-floor': (d) =>
    `account ${d.account} would fall ${d.short} points below its floor of ${d.floor}. Take back less, or change the policy.`,
  'loyalty/same-account': (d) => `account ${d.account} stands on both sides. Name two accounts.`,
  'loyalty/already-merged': (d) => `account ${d.account} holds the points of other accounts or is merged already. Un-merge it first.`,
  'loyalty/holds-open': (d) => `account ${d.account} has open holds: ${d.holds.join(', ')}. Capture or release them first.`,
  'loyalty/not-merged': (d) => `merge ${d.merge} is not in force. Check its id.`,
  'loyalty/points-out-of-range': (d) => `${d.points} points are not a safe integer. Points stay within 9007199254740991.`,
  'loyalty/before-account': (d) => `account ${d.account} was opened at ${d.openedAt}. Open it earlier, or date the command later.`,
  'loyalty/in-the-future': (d) => `${d.at} lies after now, ${d.now}. Date it when it happened, at the latest now.`,
  'loyalty/offer-unavailable': (d) => `${d.offer} cannot be had: ${d.why}. Look at its dates, conditions, stock and codes.`,
  'loyalty/over-limit': (d) =>
    `with this the account would earn ${d.points} points in the period, limit ${d.limit} allows ${d.allowed}. Look at it, or wait for the next period.`,
  'loyalty/over-spend-limit': (d) => {
    const said = `limit ${d.limit} allows ${d.allowed} ${d.of} a ${d.each}, ${d.spent} are used and ${d.asked} were asked.`
    if (d.again === null) return `${said} Ask for at most ${d.allowed}.`
    const left = d.allowed - d.spent
    return left > 0 ? `${said} Ask for at most ${left}, or wait until ${d.again}.` : `${said} Wait until ${d.again}.`
  },
  'loyalty/already-referred': (d) => `account ${d.referee} was brought by somebody before, or is the referrer. Each is brought once.`,
  'loyalty/programme-unknown': (d) =>
    `no version of programme ${d.programme} is in force at ${d.at}. Publish it, effective from then or before.`,
  'loyalty/account-unknown': (d) =>
    `programme ${d.programme} has no account ${d.account} of this tenant. Open it or earn on it first, or check both ids.`,
  'loyalty/order-on-several-accounts': (d) =>
    `order ${d.order} earned or spent on ${d.accounts.join(', ')}. Refund it on each: name account and programme.`,
  'loyalty/no-lunar-date': (d) =>
    `lunar year ${d.year} has no day ${d.day} in month ${d.month}. Choose a policy for missing leap months and days.`,
}

/** The error a service throws for a rejection. */
export function refusal(rejection: Rejection): PatronkitError {
  const say = SAID[rejection.code] as (d: Rejection['details']) => string
  return new PatronkitError({ code: rejection.code as string, message: say(rejection.details), details: rejection.details })
}

/** An input that has the right shape and makes no sense. */
export const senseless = (path: string, message: string): PatronkitError<'core/invalid-input'> =>
  new PatronkitError({
    code: 'core/invalid-input',
    message: `${path}: ${message}. Mend it and ask again; nothing was written.`,
    details: { issues: [{ path, message }] },
  })

export const holdExpired = (hold: string, at: number): Rejection => ({ code: 'loyalty/hold-expired', details: { hold, at: toIso(at) } })
