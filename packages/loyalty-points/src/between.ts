import type { PatronkitError } from '@patronkit/core'
import { type Context, get, type Json, type Operation, once, read, type Unique, type Unit } from '@patronkit/core/service'
import { asJson, type KeptAnswer, keptAnswer } from './answers.ts'
import { idFor, previewId, type Requested, unknownAccount, unlessMade } from './command.ts'
import { decide, openAccount } from './decide.ts'
import { type BothAccepted, decideMerge, decideTransfer, decideUnmerge } from './decide-between.ts'
import { type Accepted, type Env, type NeedsLots, no, type Rejected } from './decision.ts'
import { firstReads, type Loaded, load, loadAccount, type Needs, unmoved } from './load.ts'
import type { AccountState } from './model.ts'
import { zoneOf } from './programme.ts'
import { type Rejection, refusal } from './refusals.ts'
import type { Checked } from './requests.ts'
import type { Owner } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { unitFor } from './save.ts'
import { merges, referrals } from './tables.ts'
import type { Took } from './took.ts'

/** Both sides as they are kept under the key. */
export interface KeptBoth {
  readonly from: KeptAnswer
  readonly to: KeptAnswer
}

interface TwoSided {
  readonly from: Owner
  readonly to: Owner
  readonly needs: { readonly from: Needs; readonly to: Needs }
  /** Whether the taker is opened where nothing was ever posted to it. */
  readonly opens: boolean
  readonly decide: (from: AccountState, to: AccountState, env: Env, at: number) => BothAccepted | Rejected | NeedsLots
  /** What it does once and for ever, dated as the rest of it, and how the taker's event says so; refused where it was done before. */
  readonly once?: { readonly unique: (at: number) => Unique; readonly took: Took; readonly refused: Rejection }
}

const everything = () => 'all' as const

const transferSides = (i: Checked<'transfer'>, id: string): TwoSided => ({
  from: { programme: i.programme, account: i.from },
  to: { programme: i.programme, account: i.to },
  needs: { from: { reach: () => i.points, posting: id }, to: { posting: id } },
  opens: true,
  decide: (from, to, env, at) => decideTransfer({ id, at, points: i.points }, from, to, env),
})

const mergeSides = (i: Checked<'merge'>, id: string): TwoSided => ({
  from: { programme: i.programme, account: i.from },
  to: { programme: i.programme, account: i.into },
  needs: { from: { reach: everything, merges: true }, to: { reach: everything, merges: true } },
  opens: true,
  decide: (from, to, env, at) => decideMerge({ id, at }, from, to, env),
})

/** Both sides get their points, once for each who was brought. */
const referralSides = (i: Checked<'refer'>, id: string): TwoSided => ({
  from: { programme: i.programme, account: i.referrer },
  to: { programme: i.programme, account: i.referee },
  needs: { from: { posting: id }, to: { posting: id } },
  opens: true,
  decide: (from, to, env, at) => {
    const { referral, currency } = env.programme
    if (!referral) return no({ code: 'loyalty/not-redeemable', details: { programme: currency, what: 'points for a referral' } })
    const grant = (account: AccountState, points: number, reason: string) =>
      decide({ type: 'grant', id, at, lots: [{ points }], reason }, account, env)
    const giver = grant(from, referral.referrer, `brought ${to.account}`)
    if (giver.outcome !== 'accepted') return giver
    const taker = grant(to, referral.referee, `brought by ${from.account}`)
    return taker.outcome === 'accepted' ? { outcome: 'accepted', from: giver, to: taker } : taker
  },
  once: {
    unique: (at) => ({ table: referrals, row: { programme: i.programme, referee: i.referee, referrer: i.referrer, at } }),
    took: { referrer: i.referrer },
    refused: { code: 'loyalty/already-referred', details: { referee: i.referee } },
  },
})

/** What is left of the lots of a merge goes back to lots that are empty by now, and so are read by the merge's own list. */
const unmergeSides = (
  i: Checked<'unmerge'>,
  found: { readonly programme: string; readonly account: string; readonly source: string; readonly lots: Json },
): TwoSided => {
  const there = (found.lots as unknown as readonly { readonly there: string }[]).map((lot) => lot.there)
  return {
    from: { programme: found.programme, account: found.account },
    to: { programme: found.programme, account: found.source },
    needs: { from: { reach: everything, merges: true }, to: { reach: everything, lots: there } },
    opens: false,
    decide: (from, to, env, at) => decideUnmerge({ merge: i.merge, at }, from, to, env),
  }
}

export function* transfer(book: Rulebook, ctx: Context, i: Checked<'transfer'>): Operation<KeptBoth> {
  return yield* onBoth(book, ctx, 'transfer', i, (id) => transferSides(i, id))
}

/** The dry runs of what writes to two accounts. */
export const previewTransfer = (book: Rulebook, ctx: Context, i: Checked<'transfer'>) =>
  tried(book, ctx, 'transfer', i, (id) => transferSides(i, id))
export const previewRefer = (book: Rulebook, ctx: Context, i: Checked<'refer'>) =>
  tried(book, ctx, 'refer', i, (id) => referralSides(i, id))
export const previewMerge = (book: Rulebook, ctx: Context, i: Checked<'merge'>) => tried(book, ctx, 'merge', i, (id) => mergeSides(i, id))

function* tried(book: Rulebook, ctx: Context, name: string, i: Requested, sides: (id: string) => TwoSided): Operation<KeptBoth> {
  const id = previewId(name)
  return (yield* decided(book, ctx, sides(id), id, i.at)).answer
}

export function* refer(book: Rulebook, ctx: Context, i: Checked<'refer'>): Operation<KeptBoth> {
  return yield* onBoth(book, ctx, 'refer', i, (id) => referralSides(i, id))
}

export function* merge(book: Rulebook, ctx: Context, i: Checked<'merge'>): Operation<KeptBoth> {
  return yield* onBoth(book, ctx, 'merge', i, (id) => mergeSides(i, id))
}

export function* unmerge(book: Rulebook, ctx: Context, i: Checked<'unmerge'>): Operation<KeptBoth> {
  const [found] = yield* read(ctx, get(merges, { merge: i.merge }))
  return yield* onBoth(book, ctx, 'unmerge', i, () => {
    if (!found) throw refusal({ code: 'loyalty/not-merged', details: { merge: i.merge } }) as PatronkitError
    return unmergeSides(i, found)
  })
}

function* onBoth<I extends Requested>(
  book: Rulebook,
  ctx: Context,
  name: string,
  i: I,
  sides: (id: string) => TwoSided,
): Operation<KeptBoth> {
  const { idempotencyKey: key, ...content } = i
  const id = idFor(name, key!)
  const command = { command: `loyalty.${name}`, idempotencyKey: key!, content: content as { readonly [field: string]: Json | undefined } }
  const kept = yield* once<Json>(ctx, command, function* () {
    const { units, answer } = yield* unlessMade(ctx, command, decided(book, ctx, sides(id), id, i.at))
    return { units: [together(units)], answer: asJson(answer) }
  })
  return kept as unknown as KeptBoth
}

function* decided(
  book: Rulebook,
  ctx: Context,
  sides: TwoSided,
  id: string,
  at: number | undefined,
): Operation<{ readonly units: readonly [Unit, Unit]; readonly answer: KeptBoth }> {
  if (sides.from.account === sides.to.account) {
    throw refusal({ code: 'loyalty/same-account', details: { account: sides.from.account } })
  }
  if (sides.once) {
    const { table, row } = sides.once.unique(0)
    const [done] = yield* read(ctx, get(table, Object.fromEntries(table.key.map((column) => [column, row[column]!]))))
    if (done) throw refusal(sides.once.refused)
  }
  const [giver, taker] = [firstReads(sides.from, sides.needs.from), firstReads(sides.to, sides.needs.to)]
  const answers = (yield* read(ctx, ...giver.reads, ...taker.reads)) as readonly unknown[]
  // both decide at one instant: the later of what either has seen
  const [a, b] = [
    yield* load(ctx, book, giver, answers.slice(0, giver.reads.length), { at }),
    yield* load(ctx, book, taker, answers.slice(giver.reads.length), { at }),
  ]
  const now = Math.max(a.now, b.now)
  let [from, to]: [Loaded, Loaded] = [
    { ...a, now, at: at ?? now },
    { ...b, now, at: at ?? now },
  ]
  for (;;) {
    if (!from.state) throw unknownAccount(sides.from)
    const { programme } = from.rules
    const opened = to.state ? null : openingOf(sides, to)
    const decision = sides.decide(from.state, to.state ?? opened!.state, { now, programme }, from.at)
    if (decision.outcome === 'rejected') {
      yield* unmoved(ctx, from)
      yield* unmoved(ctx, to)
      throw refusal(decision.rejection)
    }
    const late = decision.outcome === 'accepted' && !(from.wholeTier && to.wholeTier)
    if (decision.outcome === 'needs-lots' || late) {
      const reach = decision.outcome === 'needs-lots' ? from.reached + decision.points : from.reached
      from = { ...(yield* loadAccount(ctx, book, sides.from, sides.needs.from, { at, reach, wholeTier: true })), now, at: from.at }
      to = { ...(yield* loadAccount(ctx, book, sides.to, sides.needs.to, { at, wholeTier: true })), now, at: from.at }
      continue
    }
    const taken: Accepted = opened ? { ...decision.to, events: [...opened.events, ...decision.to.events] } : decision.to
    return {
      units: [
        withOnce(unitFor(ctx, { loaded: from, accepted: decision.from }), sides, from.at),
        unitFor(ctx, { loaded: to, accepted: taken, took: sides.once?.took }),
      ],
      answer: { from: keptAnswer(id, from, decision.from), to: keptAnswer(id, to, taken) },
    }
  }
}

const withOnce = (unit: Unit, { once: done }: TwoSided, at: number): Unit =>
  done ? { ...unit, unique: [...(unit.unique ?? []), done.unique(at)] } : unit

function openingOf(sides: TwoSided, { owner, rules, at }: Loaded) {
  if (!sides.opens) throw unknownAccount(owner)
  return openAccount({ account: owner.account, programme: owner.programme, zone: zoneOf(rules.programme), at }, rules.programme)
}

/** Two units that stand or fall together. */
export function together(units: readonly [Unit, ...Unit[]]): Unit {
  return {
    tenant: units[0].tenant,
    heads: units.flatMap((unit) => unit.heads),
    unique: units.flatMap((unit) => unit.unique ?? []),
    adds: units.flatMap((unit) => unit.adds ?? []),
    writes: units.flatMap((unit) => unit.writes),
    events: units.flatMap((unit) => unit.events),
    timers: units.flatMap((unit) => unit.timers),
  }
}
