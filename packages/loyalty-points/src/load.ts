import {
  type Asking,
  all,
  behind,
  type Context,
  compareText,
  cursorAt,
  field,
  fold,
  get,
  type Head,
  headOf,
  list,
  nowFor,
  type Operation,
  type Pred,
  type Read,
  read,
  type Version,
  writeConflict,
} from '@patronkit/core/service'
import { countersOf } from './earning.ts'
import { eventsUpTo } from './history.ts'
import { byUse } from './lots.ts'
import type { AccountState, Hold, Lot, OrderRecord, Spend } from './model.ts'
import { free, usable } from './passing.ts'
import { expiryOf, type Programme, zoneOf } from './programme.ts'
import {
  type AccountRow,
  bareStateOf,
  type HoldRow,
  holdOf,
  type LotRow,
  lotOf,
  mergeOf,
  type Owner,
  orderOf,
  ownerOf,
  reviewOf,
  SUBJECT,
  spendOf,
  subjectOf,
} from './rows.ts'
import { type InForce, programmeVersions, type Rulebook } from './rulebook.ts'
import { spendCounters } from './spending.ts'
import { accounts, counters, holds, lots, merges, movements, orders, postings, reviews, spends } from './tables.ts'
import { qualifyingOf } from './tier-events.ts'
import { countsBack } from './tiers.ts'

/** What a command has to see of an account, beside its open holds. */
export interface Needs {
  /** So many usable points have to be read as lots; `all` for every open lot. Default: none. */
  readonly reach?: (programme: Programme) => number | 'all'
  /** The posting that the command makes: whether it was made before. */
  readonly posting?: string | undefined
  readonly hold?: string | undefined
  readonly order?: string | undefined
  /** A spend with its lots. */
  readonly spend?: string | undefined
  /** Lots by name, also empty ones. */
  readonly lots?: readonly string[] | undefined
  /** All lots of a posting. */
  readonly lotsOf?: string | undefined
  /** Lots of which something expired from here on. */
  readonly expiredFrom?: number | undefined
  /** Counters of caps, streaks and achievements. */
  readonly earns?: boolean
  /** Counters of limits on spending, of the periods that hold an instant: default the command's own. */
  readonly spends?: { readonly at?: number | undefined }
  /** Counters by name. */
  readonly counters?: readonly string[]
  readonly merges?: boolean
}

/** An account as it was read. `state` is null where nothing was ever posted to it. */
export interface Loaded {
  readonly owner: Owner
  readonly head: Head
  readonly now: number
  /** The instant that the command is dated at. */
  readonly at: number
  readonly row: AccountRow | null
  readonly state: AccountState | null
  readonly rules: InForce
  /** Usable points in the lots that were read in order of use. */
  readonly reached: number
  /** Whether every qualifying movement was read one by one. */
  readonly wholeTier: boolean
  /** Whether it took several reads: then a refusal counts only if nobody moved the account meanwhile. */
  readonly pieced: boolean
}

/** What of an account is always read in one snapshot. */
export interface First {
  readonly owner: Owner
  readonly needs: Needs
  readonly reads: readonly Read[]
}

const FIRST_PAGE = 32
const MOST_HOLDS = 10_000
/** So many lots are asked for by name in one list. */
const NAMES = 500
const MANY = 1_000_000

const ofOwner = ({ programme, account }: Owner, ...more: readonly Pred[]): Pred =>
  all(field('programme').eq(programme), field('account').eq(account), ...more)

const ORDER = ['goes_at', 'lot']
const openLots = (owner: Owner, cursor: string | undefined, limit: number) =>
  list(lots, { where: ofOwner(owner, field('open').eq(true), behind(ORDER, cursor)), order: ORDER, limit })

/** The reads that begin a command on an account. They travel with the look-up of its key. */
export function firstReads(owner: Owner, needs: Needs): First {
  const { posting, hold, order, spend } = needs
  const reads: readonly Read[] = [
    programmeVersions(owner.programme),
    headOf(SUBJECT, subjectOf(owner)),
    get(accounts, ownerOf(owner)),
    openLots(owner, undefined, FIRST_PAGE),
    list(holds, { where: ofOwner(owner, field('state').eq('open')), order: ['ends_at', 'hold'], limit: MOST_HOLDS }),
    ...(posting === undefined ? [] : [get(postings, { posting, ...ownerOf(owner) })]),
    ...(hold === undefined ? [] : [get(holds, { hold })]),
    ...(order === undefined ? [] : [get(orders, { order_id: order, ...ownerOf(owner) })]),
    ...(spend === undefined ? [] : [get(spends, { spend })]),
  ]
  return { owner, needs, reads }
}

type FirstAnswers = readonly [readonly Version[], Head, AccountRow | null, readonly LotRow[], readonly HoldRow[], ...unknown[]]

/** Goes on from the answers to {@link firstReads}: reads what else the command has to see. */
export function* load(
  ctx: Context,
  book: Rulebook,
  first: First,
  answers: readonly unknown[],
  o: { readonly at?: number | undefined; readonly reach?: number; readonly wholeTier?: boolean } = {},
): Operation<Loaded> {
  const { owner, needs } = first
  const [versions, head, row, firstLots, openHolds, ...rest] = answers as FirstAnswers
  const next = <T>(wanted: unknown): T | null => (wanted === undefined ? null : (rest.shift() as T | null))
  const posted = next(needs.posting)
  const named = next<HoldRow>(needs.hold)
  const orderFound = next<Parameters<typeof orderOf>[0]>(needs.order)
  const spendFound = next<Parameters<typeof spendOf>[0]>(needs.spend)

  const now = nowFor(ctx, head)
  const at = o.at ?? now
  const ruled = yield* book.inForce(ctx, versions, owner.programme, at)
  const rules = at < now ? withTiersOf(ruled, yield* book.inForce(ctx, versions, owner.programme, now)) : ruled
  const wanted = { owner, head, now, at, row, rules }
  if (!row) return { ...wanted, state: null, reached: 0, wholeTier: true, pieced: false }

  const { programme } = rules
  const mine = <T extends Owner>(found: T | null): T | null =>
    found && found.programme === owner.programme && found.account === owner.account ? found : null
  const held = new Map([...openHolds, ...[mine(named)].flatMap((one) => one ?? [])].map((one) => [one.hold, holdOf(one)]))
  const order = orderFound && orderOf(orderFound)
  const reach = o.reach ?? needs.reach?.(programme) ?? 0
  const paged = yield* pages(ctx, owner, firstLots, needsAll(programme, row, now) ? 'all' : reach, row.currency, now)
  const more = yield* others(ctx, {
    owner,
    needs,
    at,
    programme,
    row,
    order,
    spend: mine(spendFound),
    holds: [...held.values()],
    wholeTier: o.wholeTier,
    have: paged.lots,
  })

  const isOlder = programme.tiers !== undefined && row.standing === null
  const told = isOlder ? yield* eventsUpTo(ctx, owner, head.seq) : []

  const known = [...paged.lots, ...more.lots].sort(byUse)
  const last = paged.whole ? null : paged.lots.at(-1)!
  const here = known.reduce((sum, lot) => (lot.currency === row.currency ? sum + lot.remaining : sum), 0)
  const state: AccountState = {
    ...bareStateOf(row),
    lots: known,
    readTo: last?.id ?? null,
    unread: last ? row.posted - here : 0,
    unreadAlike: last?.expiresAt ? yield* alike(ctx, owner, last, more.lots, row.currency) : 0,
    holds: Object.fromEntries(held),
    orders: order ? { [order.id]: order } : {},
    spends: Object.fromEntries(more.spends.map((one) => [one.id, one])),
    merges: more.merges,
    reviews: more.reviews,
    postings: madeBefore(needs, posted, named, mine(named)),
    counters: more.counters,
    movements: more.movements,
    past: isOlder
      ? qualifyingOf(
          told.map(({ event }) => event),
          programme,
        )
      : null,
  }
  return { ...wanted, state, reached: paged.reached, wholeTier: more.wholeTier, pieced: paged.pieced || more.pieced || isOlder }
}

/** A command goes by the rules of its day; a tier goes by those of now, or what is dated before them would count for none. */
function withTiersOf(ruled: InForce, now: InForce): InForce {
  if (ruled.pinned.hash === now.pinned.hash) return ruled
  const { currency, tiers } = now.programme
  return { pinned: ruled.pinned, programme: { ...ruled.programme, tiers: tiers && { currency, ...tiers } } }
}

/** The posting, or a hold of that name on another account. */
function madeBefore({ posting, hold }: Needs, posted: unknown, named: HoldRow | null, own: HoldRow | null): AccountState['postings'] {
  if (posted && posting !== undefined) return { [posting]: true }
  return named && !own && hold !== undefined ? { [hold]: true } : {}
}

/** Where any lot may move, or lots wait, nothing less than all of them will do. */
const needsAll = (programme: Programme, row: AccountRow, now: number): boolean =>
  row.settled_from > now || ['rolling', 'inactivity', 'decay'].includes(expiryOf(programme).kind)

interface Paged {
  readonly lots: readonly Lot[]
  readonly whole: boolean
  readonly reached: number
  readonly pieced: boolean
}

/** Open lots in order of use, until more than enough of them can be used and none that is left is over. */
function* pages(
  ctx: Context,
  owner: Owner,
  first: readonly LotRow[],
  reach: number | 'all',
  currency: string,
  now: number,
): Operation<Paged> {
  const found: Lot[] = []
  let reached = 0
  let page = first
  let limit = FIRST_PAGE
  for (;;) {
    for (const row of page) {
      const lot = lotOf(row)
      found.push(lot)
      if (lot.currency === currency) reached += usable(lot, now)
    }
    const whole = page.length < limit
    const last = page.at(-1)
    if (whole || (reach !== 'all' && reached > reach && last!.goes_at > now))
      return { lots: found, whole, reached, pieced: limit > FIRST_PAGE }
    limit *= 4
    ;[page] = yield* read(ctx, openLots(owner, cursorAt(ORDER, last!), limit))
  }
}

/** Points that go with the last lot read and were not read themselves. */
function* alike(ctx: Context, owner: Owner, last: Lot, more: readonly Lot[], currency: string): Operation<number> {
  const beyond = [field('open').eq(true), field('goes_at').eq(last.expiresAt), field('lot').gt(last.id), field('currency').eq(currency)]
  const [[sums]] = yield* read(ctx, fold(lots, { where: ofOwner(owner, ...beyond), sum: ['remaining', 'held'], limit: 1 }))
  const known = more.filter((lot) => lot.expiresAt === last.expiresAt && compareText(lot.id, last.id) > 0 && lot.currency === currency)
  return sums!.sum.remaining! - sums!.sum.held! - known.reduce((sum, lot) => sum + free(lot), 0)
}

interface Others {
  readonly owner: Owner
  readonly needs: Needs
  readonly at: number
  readonly programme: Programme
  readonly row: AccountRow
  readonly order: OrderRecord | null
  readonly spend: Parameters<typeof spendOf>[0] | null
  readonly holds: readonly Hold[]
  readonly wholeTier: boolean | undefined
  readonly have: readonly Lot[]
}

/** Lots that holds, spends and orders name, and whatever else the command looks at. */
function* others(ctx: Context, i: Others) {
  const { owner, needs, at, programme, row, order } = i
  const tier = programme.tiers && row.standing ? tierReads(i) : null
  const spent = needs.spends ? spendCounters(programme, needs.spends.at ?? at) : []
  const names = [...(needs.earns ? countersOf(programme, at) : []), ...spent, ...(needs.counters ?? [])]
  const asked = gathering()
  const spendRows =
    order && order.spends.length > 0
      ? asked.ask(list(spends, { where: field('spend').in(order.spends), limit: order.spends.length }))
      : null
  const ofPostings = [...(order?.earnings.map((earning) => earning.posting) ?? []), ...(needs.lotsOf === undefined ? [] : [needs.lotsOf])]
  const own = ofPostings.length > 0 ? asked.ask(list(lots, { where: ofOwner(owner, field('posting').in(ofPostings)), limit: MANY })) : null
  const expiredFrom =
    needs.expiredFrom === undefined
      ? null
      : asked.ask(list(lots, { where: ofOwner(owner, field('goes_at').gte(needs.expiredFrom), field('expired').gt(0)), limit: MANY }))
  const flagged =
    needs.lotsOf === undefined ? null : asked.ask(list(reviews, { where: ofOwner(owner, field('posting').eq(needs.lotsOf)), limit: 1 }))
  const counted =
    names.length > 0 ? asked.ask(list(counters, { where: ofOwner(owner, field('name').in(names)), limit: names.length })) : null
  const merged = needs.merges ? asked.ask(list(merges, { where: ofOwner(owner), order: ['merge'], limit: MOST_HOLDS })) : null
  const moved = tier ? asked.ask(tier.rows) : null
  const before = tier?.sum ? asked.ask(tier.sum) : null
  const answers = asked.reads.length > 0 ? yield* read(ctx, ...asked.reads) : []
  const answer = <T>(of: Slot<T> | null): T | null => (of ? ((answers as readonly unknown[])[of.place] as T) : null)

  const found = [...(answer(spendRows) ?? []), ...(i.spend ? [i.spend] : [])].map(spendOf)
  const rows = [...(answer(own) ?? []), ...(answer(expiredFrom) ?? [])].map(lotOf)
  const openHolds = i.holds.filter((hold) => hold.state === 'open')
  const named = [...(needs.lots ?? []), ...[...openHolds, ...found].flatMap(({ taken }) => taken.map(({ lot }) => lot))]
  const have = rows.length + named.length > 0 ? new Set(i.have.map((lot) => lot.id)) : NONE
  const extra = new Map(rows.filter((lot) => !have.has(lot.id)).map((lot) => [lot.id, lot]))
  const missing = yield* lotsNamed(ctx, owner, named, (lot) => have.has(lot) || extra.has(lot))
  for (const lot of missing.lots) extra.set(lot.id, lot)

  const sum = answer(before)?.[0]?.sum.points ?? 0
  const behindWindow = tier && sum !== 0 ? [{ at: tier.from - 1, points: sum }] : []
  return {
    lots: [...extra.values()],
    spends: found as readonly Spend[],
    reviews: Object.fromEntries((answer(flagged) ?? []).map((one) => [one.posting, reviewOf(one)])),
    counters: Object.fromEntries((answer(counted) ?? []).map(({ name, n }) => [name, n])),
    merges: Object.fromEntries((answer(merged) ?? []).map((one) => [one.merge, mergeOf(one)])),
    movements: [...behindWindow, ...(answer(moved) ?? []).map((one) => ({ at: one.at, points: one.points }))],
    wholeTier: !tier?.sum,
    pieced: asked.reads.length > 0 || missing.pieced,
  }
}

const NONE: ReadonlySet<string> = new Set()

interface Slot<T> {
  readonly place: number
  readonly holds?: T
}

/** Reads that travel together, each with its place among the answers. */
function gathering() {
  const reads: Read[] = []
  return { reads, ask: <T>(of: Asking<T>): Slot<T> => ({ place: reads.push(of) - 1 }) }
}

/** Movements that may still be told apart, one by one, and what lies behind them as a sum. */
function tierReads({ owner, programme, row, wholeTier }: Others) {
  const order = ['at', 'seq']
  if (wholeTier) return { rows: list(movements, { where: ofOwner(owner), order, limit: MANY }), sum: null, from: 0 }
  const from = countsBack(programme.tiers!, bareStateOf(row).standing!, zoneOf(programme))
  return {
    rows: list(movements, { where: ofOwner(owner, field('at').gte(from)), order, limit: MANY }),
    sum: fold(movements, { where: ofOwner(owner, field('at').lt(from)), sum: ['points'], limit: 1 }),
    from,
  }
}

function* lotsNamed(
  ctx: Context,
  owner: Owner,
  named: readonly string[],
  has: (lot: string) => boolean,
): Operation<{ readonly lots: readonly Lot[]; readonly pieced: boolean }> {
  const missing = [...new Set(named)].filter((lot) => !has(lot))
  if (missing.length === 0) return { lots: [], pieced: false }
  const reads: ReturnType<typeof list<typeof lots>>[] = []
  for (let i = 0; i < missing.length; i += NAMES) {
    const names = missing.slice(i, i + NAMES)
    reads.push(list(lots, { where: ofOwner(owner, field('lot').in(names)), limit: names.length }))
  }
  const answers = yield* read(ctx, ...reads)
  return { lots: answers.flat().map(lotOf), pieced: true }
}

/** Reads an account from the beginning. */
export function* loadAccount(
  ctx: Context,
  book: Rulebook,
  owner: Owner,
  needs: Needs,
  o: { readonly at?: number | undefined; readonly reach?: number; readonly wholeTier?: boolean } = {},
): Operation<Loaded> {
  const first = firstReads(owner, needs)
  return yield* load(ctx, book, first, yield* read(ctx, ...first.reads), o)
}

/** What was read piece by piece is one state only if nobody moved the account meanwhile; a commit checks that by itself. */
export function* unmoved(ctx: Context, { owner, head, pieced }: Loaded): Operation<void> {
  if (!pieced) return
  const [found] = yield* read(ctx, headOf(SUBJECT, subjectOf(owner)))
  if (found.version !== head.version) throw writeConflict(`${SUBJECT} ${subjectOf(owner)}`)
}
