import { type Context, type Json, type Operation, once, read, type Unit } from '@patronkit/core/service'
import { asJson, type KeptAnswer, keptAnswer } from './answers.ts'
import { tally } from './balance.ts'
import { together } from './between.ts'
import { idFor, previewId, settled, unknownAccount, unlessMade } from './command.ts'
import { decide } from './decide.ts'
import type { Accepted } from './decision.ts'
import { firstReads, type Loaded, load, loadAccount, type Needs, unmoved } from './load.ts'
import { byUse, takeInOrder } from './lots.ts'
import { passTime, usable } from './passing.ts'
import { refusal } from './refusals.ts'
import type { Checked } from './requests.ts'
import type { Rulebook } from './rulebook.ts'
import { unitFor } from './save.ts'

/** What each account of a household gave. */
export interface KeptPool {
  readonly shares: readonly KeptAnswer[]
}

/**
 * A household spends together: the points that expire first go first, whosever they are. Each account writes down its own
 * share, all of them as one.
 */
export function* redeemTogether(book: Rulebook, ctx: Context, i: Checked<'redeemTogether'>): Operation<KeptPool> {
  const { idempotencyKey, ...content } = i
  const id = idFor('redeemTogether', idempotencyKey)
  const command = { command: 'loyalty.redeemTogether', idempotencyKey, content: content as { readonly [field: string]: Json | undefined } }
  const kept = yield* once<Json>(ctx, command, function* () {
    const shares = yield* unlessMade(ctx, command, decided(book, ctx, i, id))
    const units = shares.map(({ loaded, accepted }) => unitFor(ctx, { loaded, accepted }))
    return { units: [together(units as [Unit, ...Unit[]])], answer: asJson(keptPool(id, shares)) }
  })
  return kept as unknown as KeptPool
}

/** What each would give now. Nothing is written. */
export function* previewTogether(book: Rulebook, ctx: Context, i: Checked<'redeemTogether'>): Operation<KeptPool> {
  const id = previewId('redeemTogether')
  return keptPool(id, yield* decided(book, ctx, i, id))
}

const keptPool = (id: string, shares: readonly Share[]): KeptPool => ({
  shares: shares.map(({ loaded, accepted }) => keptAnswer(`${id}/${loaded.owner.account}`, loaded, accepted)),
})

interface Share {
  readonly loaded: Loaded
  readonly accepted: Accepted
}

function* decided(book: Rulebook, ctx: Context, i: Checked<'redeemTogether'>, id: string): Operation<readonly Share[]> {
  const accounts = [...new Set(i.accounts)]
  // each might have to give all of it
  const needsOf = (account: string): Needs => ({ reach: () => i.points, posting: `${id}/${account}`, spends: {} })
  const firsts = accounts.map((account) => firstReads({ programme: i.programme, account }, needsOf(account)))
  const answers = (yield* read(ctx, ...firsts.flatMap((first) => first.reads))) as readonly unknown[]
  const loadeds: Loaded[] = []
  let from = 0
  for (const first of firsts) {
    loadeds.push(yield* load(ctx, book, first, answers.slice(from, from + first.reads.length), { at: i.at }))
    from += first.reads.length
  }
  const now = Math.max(...loadeds.map((loaded) => loaded.now))
  const points = sharesOf(loadeds, i.points, now)
  const shares: Share[] = []
  for (const [n, first] of loadeds.entries()) {
    const share = points[n]!
    if (share === 0) continue
    for (let loaded = { ...first, now, at: i.at ?? now }; ; ) {
      const { owner, rules } = loaded
      const redeem = { type: 'redeem', id: `${id}/${owner.account}`, at: loaded.at, points: share } as const
      const decision = decide(redeem, loaded.state!, { now, programme: rules.programme })
      const again = yield* settled(ctx, loaded, decision)
      if (!again) {
        shares.push({ loaded, accepted: decision as Accepted })
        break
      }
      loaded = { ...(yield* loadAccount(ctx, book, owner, needsOf(owner.account), { at: i.at, ...again })), now, at: loaded.at }
    }
  }
  // whoever gives nothing still decided how much the others give
  for (const loaded of loadeds) yield* unmoved(ctx, { ...loaded, pieced: true })
  return shares
}

/** How many points each account gives, if all their usable lots stand in one row in order of use. What covers a debt stays. */
function sharesOf(loadeds: readonly Loaded[], points: number, now: number): readonly number[] {
  const row = loadeds.flatMap((loaded, n) => {
    if (!loaded.state) throw unknownAccount(loaded.owner)
    const { programme } = loaded.rules
    const { state } = passTime(loaded.state, now, programme)
    const own = state.frozen ? [] : state.lots.filter((lot) => lot.currency === programme.currency && usable(lot, now) > 0)
    let room = tally(state, programme.currency, now).available
    return own.flatMap((lot) => {
      const gives = Math.max(0, Math.min(room, usable(lot, now)))
      room -= gives
      return gives > 0 ? [{ n, id: lot.id, expiresAt: lot.expiresAt, gives }] : []
    })
  })
  const ordered = row.sort((a, b) => byUse(a, b) || a.n - b.n).map((lot, place) => ({ ...lot, id: String(place) }))
  const { taken, short } = takeInOrder(ordered, points, (lot) => lot.gives)
  if (short > 0) {
    const account = loadeds.map((loaded) => loaded.owner.account).join(', ')
    throw refusal({ code: 'loyalty/insufficient-points', details: { account, requested: points, available: points - short } })
  }
  const shares = loadeds.map(() => 0)
  for (const { lot, points: some } of taken) shares[ordered[Number(lot)]!.n]! += some
  return shares
}
