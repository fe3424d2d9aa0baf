import type { Attempt, Definition, Deps, Explanation, Instant, Page, Published, Service } from '@patronkit/core'
import { type Claimed, type Context, commit, createService, nowFor, type Operation, parse, type Unit } from '@patronkit/core/service'
import type { z } from 'zod'
import {
  type BalanceView,
  type BothAnswer,
  type HoldAnswer,
  holdView,
  type KeptAnswer,
  type Posting,
  postingView,
  type RefundAnswer,
  refundView,
  type SpendAnswer,
  spendView,
} from './answers.ts'
import {
  type AccountLine,
  type AccountStatus,
  accountPage,
  balance,
  explain,
  type HoldView,
  holds,
  type LotView,
  lots,
  type ReviewView,
  reviewPage,
  type StatementView,
  statement,
  status,
} from './ask.ts'
import { type KeptBoth, merge, previewMerge, previewRefer, previewTransfer, refer, transfer, unmerge } from './between.ts'
import { type Verified, verify } from './books.ts'
import { type Anchored, anchor, closeStatement, type Erased, erase } from './closing.ts'
import { issueCodes } from './codes.ts'
import { carryOut, carryOutMany, type Requested, settled, tryOut, type Verb, type Where } from './command.ts'
import { decide } from './decide.ts'
import type { Accepted } from './decision.ts'
import { type Funding, funding } from './funding.ts'
import { loadAccount } from './load.ts'
import { loyaltySchema } from './migrations.ts'
import { type KeptPool, previewTogether, redeemTogether } from './pool.ts'
import type * as R from './requests.ts'
import { ASKED, REQUESTS } from './requests.ts'
import { createRulebook, publishProgramme, type Rulebook } from './rulebook.ts'
import { QUEUE, unitFor } from './save.ts'
import * as V from './verbs.ts'

/** The dry run of a command: the same input without its key, the same answer, and nothing is written. */
export type Preview<I> = Omit<I, 'idempotencyKey'>

/** What a cart or a help desk asks before anything happens. */
export interface LoyaltyPreviews {
  earn(i: Preview<R.Earn>): Promise<Posting>
  hold(i: Preview<R.HoldPoints>): Promise<HoldAnswer>
  capture(i: Preview<R.Capture>): Promise<SpendAnswer>
  replace(i: Preview<R.Replace>): Promise<HoldAnswer>
  redeem(i: Preview<R.Redeem>): Promise<SpendAnswer>
  redeemTogether(i: Preview<R.RedeemTogether>): Promise<{ readonly shares: readonly Posting[] }>
  claim(i: Preview<R.Claim>): Promise<Posting>
  refund(i: Preview<R.Refund>): Promise<RefundAnswer>
  reverse(i: Preview<R.Reverse>): Promise<Posting>
  adjust(i: Preview<R.Adjust>): Promise<Posting>
  reinstate(i: Preview<R.Reinstate>): Promise<Posting>
  refer(i: Preview<R.Refer>): Promise<BothAnswer>
  transfer(i: Preview<R.Transfer>): Promise<BothAnswer>
  merge(i: Preview<R.Merge>): Promise<BothAnswer>
}

/** Loyalty points for one tenant and actor. */
export interface Loyalty {
  /** Stores a programme. The same content again changes nothing; other content is the next version. */
  publish(i: { definition: Definition; effectiveFrom?: Instant }): Promise<Published>
  /** Opens an account, where the member's zone is to be told or the past is to be booked. Other commands open it by themselves. */
  open(i: R.Open): Promise<Posting>
  /** Points for an order or an event, by the rules in force when it happened. */
  earn(i: R.Earn): Promise<Posting>
  /** The same for up to 1,000 orders or events in few commits, for imports: each stands for itself, and a refusal is one answer. */
  earnMany(i: { items: readonly R.Earn[] }): Promise<readonly Attempt<Posting>[]>
  /** Sets points aside for an order; the hold ends by itself. */
  hold(i: R.HoldPoints): Promise<HoldAnswer>
  /** Spends what a hold set aside, whole or in part. */
  capture(i: R.Capture): Promise<SpendAnswer>
  /** Frees what a hold set aside. */
  release(i: R.Release): Promise<Posting>
  /** A changed cart: the hold ends and another begins in one step. */
  replace(i: R.Replace): Promise<HoldAnswer>
  /** Spends points at once: on an order, for a reward, or as they are. */
  redeem(i: R.Redeem): Promise<SpendAnswer>
  /** A household spends together: what expires first goes first, whosever it is. Answers each account's share. */
  redeemTogether(i: R.RedeemTogether): Promise<{ readonly shares: readonly Posting[] }>
  /** Points of an offer, limited in time, stock and number a member; with one of its codes where it asks for one. */
  claim(i: R.Claim): Promise<Posting>
  /** Keeps codes that are given out for an offer, each good for one claim. */
  issueCodes(i: R.IssueCodes): Promise<{ readonly issued: number }>
  /** Points for bringing somebody along: both sides, once for each who was brought. */
  refer(i: R.Refer): Promise<BothAnswer>
  /** An order comes back, whole or in part: by the terms of its day, counted over all its refunds together. */
  refund(i: R.Refund): Promise<RefundAnswer>
  /** Undoes a redemption: the points go back to the lots they came from. */
  reverse(i: R.Reverse): Promise<Posting>
  /** Lets points that wait for it be used. */
  settle(i: R.Settle): Promise<Posting>
  /** Takes points away that wait: somebody looked at an earning over a limit and does not believe it. */
  dismiss(i: R.Dismiss): Promise<Posting>
  /** A correction by hand. */
  adjust(i: R.Adjust): Promise<Posting>
  /** Points that were bought. */
  purchase(i: R.Purchase): Promise<Posting>
  /** An opening balance from another system, lot by lot. */
  import(i: R.Import): Promise<Posting>
  /** Brings expired points of the last days back. */
  reinstate(i: R.Reinstate): Promise<Posting>
  /** The account spends nothing until it is unfrozen; open holds may still be captured, and refunds come through. */
  freeze(i: R.Freeze): Promise<Posting>
  unfreeze(i: R.Unfreeze): Promise<Posting>
  /** Moves points to another account; they keep their expiry. */
  transfer(i: R.Transfer): Promise<BothAnswer>
  /** Moves everything to another account. Nothing that was posted changes. */
  merge(i: R.Merge): Promise<BothAnswer>
  /** Takes a merge apart: what is left of the lots that came goes back. */
  unmerge(i: R.Unmerge): Promise<BothAnswer>
  /** Keeps the statement of a period as it is. What comes later with an earlier date stands in the next one. */
  closeStatement(i: R.CloseStatement): Promise<StatementView>
  /** Makes one root of how far all accounts' chains have come. Keep it outside of this database. */
  anchor(i: { idempotencyKey: string }): Promise<Anchored>
  /** Takes an account away, rows and bodies of events. The chain and the books still verify. */
  erase(i: R.OnAccount): Promise<Erased>
  readonly preview: LoyaltyPreviews
  /** What an account has, now or at another instant, to the millisecond. */
  balance(i: R.OnAccount & { currency?: string; asOf?: Instant; knownAt?: Instant }): Promise<BalanceView>
  /** The account as a whole, with its tier. */
  status(i: R.OnAccount & { asOf?: Instant }): Promise<AccountStatus>
  /** Open lots in order of use. */
  lots(i: R.OnAccount & { after?: string; limit?: number }): Promise<Page<LotView>>
  /** Holds that are open now. */
  holds(i: R.OnAccount): Promise<readonly HoldView[]>
  /** Opening, corrections, movements, closing over a period. */
  statement(i: R.OnAccount & { from: Instant; to: Instant; currency?: string; knownAt?: Instant }): Promise<StatementView>
  /** Earnings over a limit that wait for somebody to look at them: `settle` or `dismiss` them. */
  reviews(i: { programme: string; after?: string; limit?: number }): Promise<Page<ReviewView>>
  /** What campaigns gave that somebody else pays for, and what it cost, by who that is. */
  funding(i: { programme: string }): Promise<readonly Funding[]>
  /** Why a posting came to so many points. */
  explain(i: { posting: string; account?: string }): Promise<Explanation>
  /** Checks all that is stored, of one account or of all, and against an anchor: answers the first thing that is wrong. */
  verify(i: { anchor?: { id: string; root: string }; programme?: string; account?: string }): Promise<Verified>
  /** Accounts of a programme, those with the fewest points first. */
  list(i: { programme: string; after?: string; limit?: number }): Promise<Page<AccountLine>>
}

/**
 * Loyalty points as a ledger that can be proven.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@patronkit/core'
 * import { createLoyalty, defineProgramme } from '@patronkit/loyalty-points'
 *
 * const stars = defineProgramme({ id: 'stars', currency: 'star', earn: [{ points: 1, per: { amount: '1.00', currency: 'EUR' } }] })
 * const loyalty = createLoyalty({ storage: memoryStorage() }).for({ tenant: 'shop', by: { type: 'customer', id: 'c_42' } })
 * await loyalty.publish({ definition: stars })
 * const order = { id: 'o_91', total: { amount: '21.90', currency: 'EUR' } }
 * const { points, available } = await loyalty.earn({ idempotencyKey: 'o_91', account: 'c_42', programme: stars.id, order })
 * console.log(points, available)
 * ```
 */
export function createLoyalty(deps: Deps): Service<Loyalty> {
  const book = createRulebook()

  /** A verb that writes, and the same verb as a preview. */
  function pair<I extends Requested, A>(schema: z.ZodType<I>, verb: Verb<I>, where: Where<I>, view: (kept: KeptAnswer) => A) {
    const input = (i: object) => parse(schema, i, verb.name)
    return {
      write: function* (ctx: Context, i: object): Operation<A> {
        return view(yield* carryOut(book, ctx, verb, where, input(i)))
      },
      preview: function* (ctx: Context, i: object): Operation<A> {
        return view(yield* tryOut(book, ctx, verb, where, input(dry(i))))
      },
    }
  }

  const earn = pair(REQUESTS.earn, V.earn, V.own, postingView)
  const hold = pair(REQUESTS.hold, V.hold, V.own, holdView)
  const capture = pair(REQUESTS.capture, V.capture, V.byHold, spendView)
  const replace = pair(REQUESTS.replace, V.replace, V.byHold, holdView)
  const redeem = pair(REQUESTS.redeem, V.redeem, V.own, spendView)
  const claim = pair(REQUESTS.claim, V.claim, V.own, postingView)
  const refund = pair(REQUESTS.refund, V.refund, V.byOrder, refundView)
  const reverse = pair(REQUESTS.reverse, V.reverse, V.bySpend, postingView)
  const adjust = pair(REQUESTS.adjust, V.adjust, V.own, postingView)
  const reinstate = pair(REQUESTS.reinstate, V.reinstate, V.own, postingView)

  return createService<Loyalty>(deps, {
    name: 'loyalty',
    schema: loyaltySchema,
    verbs: {
      publish: (ctx, i) => publishProgramme(book, ctx, i),
      open: pair(REQUESTS.open, V.open, V.own, postingView).write,
      earn: earn.write,
      earnMany: function* (ctx, i) {
        const { items } = parse(REQUESTS.earnMany, i, 'earnMany')
        const answers = yield* carryOutMany(book, ctx, V.earn, V.own.owner, items)
        return answers.map((one) => (one.ok ? { ok: true, value: postingView(one.value) } : one))
      },
      hold: hold.write,
      capture: capture.write,
      release: pair(REQUESTS.release, V.release, V.byHold, postingView).write,
      replace: replace.write,
      redeem: redeem.write,
      redeemTogether: function* (ctx, i) {
        return poolView(yield* redeemTogether(book, ctx, parse(REQUESTS.redeemTogether, i, 'redeemTogether')))
      },
      claim: claim.write,
      issueCodes: (ctx, i) => issueCodes(ctx, parse(REQUESTS.issueCodes, i, 'issueCodes')),
      refer: function* (ctx, i) {
        return bothView(yield* refer(book, ctx, parse(REQUESTS.refer, i, 'refer')))
      },
      refund: refund.write,
      reverse: reverse.write,
      settle: pair(REQUESTS.settle, V.settle, V.own, postingView).write,
      dismiss: pair(REQUESTS.dismiss, V.dismiss, V.own, postingView).write,
      adjust: adjust.write,
      purchase: pair(REQUESTS.purchase, V.purchase, V.own, postingView).write,
      import: pair(REQUESTS.import, V.importBalance, V.own, postingView).write,
      reinstate: reinstate.write,
      freeze: pair(REQUESTS.freeze, V.freeze, V.own, postingView).write,
      unfreeze: pair(REQUESTS.unfreeze, V.unfreeze, V.own, postingView).write,
      transfer: function* (ctx, i) {
        return bothView(yield* transfer(book, ctx, parse(REQUESTS.transfer, i, 'transfer')))
      },
      merge: function* (ctx, i) {
        return bothView(yield* merge(book, ctx, parse(REQUESTS.merge, i, 'merge')))
      },
      unmerge: function* (ctx, i) {
        return bothView(yield* unmerge(book, ctx, parse(REQUESTS.unmerge, i, 'unmerge')))
      },
      closeStatement: (ctx, i) => closeStatement(book, ctx, parse(REQUESTS.closeStatement, i, 'closeStatement')),
      anchor: (ctx, i) => anchor(ctx, parse(REQUESTS.anchor, i, 'anchor')),
      erase: (ctx, i) => erase(book, ctx, parse(ASKED.erase, i, 'erase')),
      preview: {
        earn: earn.preview,
        hold: hold.preview,
        capture: capture.preview,
        replace: replace.preview,
        redeem: redeem.preview,
        redeemTogether: function* (ctx, i) {
          return poolView(yield* previewTogether(book, ctx, parse(REQUESTS.redeemTogether, dry(i), 'redeemTogether')))
        },
        claim: claim.preview,
        refund: refund.preview,
        reverse: reverse.preview,
        adjust: adjust.preview,
        reinstate: reinstate.preview,
        refer: function* (ctx, i) {
          return bothView(yield* previewRefer(book, ctx, parse(REQUESTS.refer, dry(i), 'refer')))
        },
        transfer: function* (ctx, i) {
          return bothView(yield* previewTransfer(book, ctx, parse(REQUESTS.transfer, dry(i), 'transfer')))
        },
        merge: function* (ctx, i) {
          return bothView(yield* previewMerge(book, ctx, parse(REQUESTS.merge, dry(i), 'merge')))
        },
      },
      balance: (ctx, i) => balance(book, ctx, parse(ASKED.balance, i, 'balance')),
      status: (ctx, i) => status(book, ctx, parse(ASKED.status, i, 'status')),
      lots: (ctx, i) => lots(ctx, parse(ASKED.lots, i, 'lots')),
      holds: (ctx, i) => holds(ctx, parse(ASKED.holds, i, 'holds')),
      statement: (ctx, i) => statement(book, ctx, parse(ASKED.statement, i, 'statement')),
      explain: (ctx, i) => explain(book, ctx, parse(ASKED.explain, i, 'explain')),
      reviews: (ctx, i) => reviewPage(ctx, parse(ASKED.reviews, i, 'reviews')),
      funding: (ctx, i) => funding(book, ctx, parse(ASKED.funding, i, 'funding')),
      verify: (ctx, i) => verify(book, ctx, parse(ASKED.verify, i, 'verify')),
      list: (ctx, i) => accountPage(ctx, parse(ASKED.list, i, 'list')),
    },
    timers: { [QUEUE]: (ctx, timer) => timerDue(book, ctx, timer) },
  })
}

/** The input of a dry run has no key of its own. */
const dry = (i: object): object => ({ ...i, idempotencyKey: 'preview' })

const poolView = ({ shares }: KeptPool) => ({ shares: shares.map(postingView) })
const bothView = ({ from, to }: KeptBoth): BothAnswer => ({ from: postingView(from), to: postingView(to) })

/** A timer of an account that is gone has nothing left to do. */
const forgetTimer = (ctx: Context, timer: Claimed): Unit => ({
  tenant: ctx.tenant,
  heads: [],
  fired: timer,
  writes: [],
  events: [],
  timers: [],
})

/** Time passed and nobody did anything: what expired, ended or fell is written down. Balances were right before, too. */
function* timerDue(book: Rulebook, ctx: Context, timer: Claimed): Operation<void> {
  const slash = timer.key.indexOf('/')
  const owner = { programme: timer.key.slice(0, slash), account: timer.key.slice(slash + 1) }
  for (let wholeTier = false; ; wholeTier = true) {
    const loaded = yield* loadAccount(ctx, book, owner, {}, { wholeTier })
    if (!loaded.state) return yield* commit([forgetTimer(ctx, timer)])
    const now = nowFor(ctx, loaded.head)
    const decision = decide({ type: 'pass-time', at: now }, loaded.state, { now, programme: loaded.rules.programme })
    if (yield* settled(ctx, loaded, decision)) continue
    return yield* commit([unitFor(ctx, { loaded, accepted: decision as Accepted, fired: timer })])
  }
}
