import { type Attempt, isPatronkitError } from '@patronkit/core'
import {
  type Add,
  type Context,
  canonicalJson,
  commitEach,
  type Json,
  type Keyed,
  keyed,
  keyRead,
  type Operation,
  once,
  type Read,
  read,
  replayed,
  type Unique,
  type Unit,
  writeConflict,
} from '@patronkit/core/service'
import { asJson, type KeptAnswer, keptAnswer } from './answers.ts'
import { budgetAdds, budgetsLeft } from './budgets.ts'
import { decide, openAccount } from './decide.ts'
import type { Accepted, Decision } from './decision.ts'
import { firstReads, type Loaded, load, loadAccount, type Needs, unmoved } from './load.ts'
import type { AccountState, Command } from './model.ts'
import { zoneOf } from './programme.ts'
import { refusal } from './refusals.ts'
import { type Owner, subjectOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { unitFor } from './save.ts'
import type { Took } from './took.ts'

/** What is the same in every request. */
export interface Requested {
  readonly idempotencyKey?: string | undefined
  readonly at?: number | undefined
}

/** A verb on one account: where the account is found, what of it is read, and which command it comes to. */
export interface Verb<I extends Requested> {
  readonly name: string
  readonly needs: (i: I, id: string, found?: unknown) => Needs
  readonly command: (i: I, id: string, at: number) => Command
  /** For verbs that may be the first on an account: the member's zone, where it is told. */
  readonly opens?: (i: I) => { readonly zone?: string | undefined }
  /** The end of a hold that it begins. */
  readonly until?: (i: I, at: number) => number
  /** What it takes of things that all accounts share, such as a stock or a code, or puts back. */
  readonly takes?: (ctx: Context, i: I, id: string, decided: Taking) => Operation<Takes>
}

/** The decision that takes of shared things. */
export interface Taking {
  readonly book: Rulebook
  readonly loaded: Loaded
  readonly accepted: Accepted
}

/** What of shared things goes with a command, within their bounds and once, and how its event says so. */
export interface Takes {
  readonly adds: readonly Add[]
  readonly unique: readonly Unique[]
  readonly took?: Took | undefined
}

/** Either the account itself, or how to find it by something that belongs to it. */
export type Where<I> =
  | { readonly owner: (i: I) => Owner }
  | { readonly find: (i: I) => Read; readonly found: (i: I, answer: unknown) => Owner }

/** What a command makes is named after the verb and the key: unique for ever, also after the key was forgotten. */
export const idFor = (verb: string, key: string): string => `${verb}/${key}`

/** What a dry run would make: no verb is called preview, so no command ever makes it. */
export const previewId = (verb: string): string => idFor('preview', verb)

/** Carries a verb out, once for its key. */
export function* carryOut<I extends Requested>(book: Rulebook, ctx: Context, verb: Verb<I>, where: Where<I>, i: I): Operation<KeptAnswer> {
  const { id, command } = keyOf(verb, i)
  const first = 'owner' in where ? firstReads(where.owner(i), verb.needs(i, id)) : null
  const reads = first ? first.reads : 'find' in where ? [where.find(i)] : []
  return yield* retriedWhenShort(
    once(ctx, { ...command, reads }, function* (answers) {
      const found = first ?? foundBy(verb, where as Found<I>, i, id, (answers as readonly unknown[])[0])
      const given = first ? (answers as readonly unknown[]) : yield* read(ctx, ...found.reads)
      const made = yield* unlessMade(ctx, command, decided(book, ctx, verb, i, id, found, given))
      const { loaded, accepted } = made
      return { units: [wholeUnit(ctx, made)], answer: asJson(keptAnswer(id, loaded, accepted, verb.until?.(i, loaded.at))) }
    }),
  ) as Operation<unknown> as Operation<KeptAnswer>
}

function keyOf<I extends Requested>(verb: Verb<I>, i: I): { readonly id: string; readonly command: Keyed } {
  const { idempotencyKey, ...content } = i
  const key = idempotencyKey!
  return { id: idFor(verb.name, key), command: { command: `loyalty.${verb.name}`, idempotencyKey: key, content: plain(content) } }
}

/** So many commands of a batch are read and committed together. */
const WAVE = 50

/** How often a command of a batch is decided anew when others were faster. */
const TRIES = 5

/**
 * Carries a verb out many times, each once for its own key: one read and one commit for all that are on different accounts,
 * those on one account one after the other. Each stands for itself: a refusal is an answer among the others.
 */
export function* carryOutMany<I extends Requested>(
  book: Rulebook,
  ctx: Context,
  verb: Verb<I>,
  ownerOf: (i: I) => Owner,
  all: readonly I[],
): Operation<readonly Attempt<KeptAnswer>[]> {
  const answers = new Map<number, Attempt<KeptAnswer>>()
  let waiting = all.map((i, n) => ({ i, n, tries: 0, owner: ownerOf(i), ...keyOf(verb, i) }))
  while (waiting.length > 0) {
    const busy = new Set<string>()
    let room = WAVE
    const wave = waiting.filter(({ owner, id }) => {
      if (room === 0) return false
      // a key that stands twice in a batch is looked up again behind the first
      const names = [`account ${subjectOf(owner)}`, `key ${id}`]
      const isFree = names.every((name) => !busy.has(name))
      for (const name of names) busy.add(name)
      if (isFree) room--
      return isFree
    })
    const firsts = wave.map((one) => firstReads(one.owner, verb.needs(one.i, one.id)))
    const found = (yield* read(ctx, ...wave.flatMap((one, n) => [keyRead(one.command), ...firsts[n]!.reads]))) as readonly unknown[]
    const units: Unit[] = []
    const made: { readonly n: number; readonly answer: KeptAnswer }[] = []
    let from = 0
    for (const [n, one] of wave.entries()) {
      const [stored, ...given] = found.slice(from, from + firsts[n]!.reads.length + 1)
      from += firsts[n]!.reads.length + 1
      const tried = yield* attempted(function* () {
        if (stored) return replayed<Json>(stored as never, one.command) as unknown as KeptAnswer
        const decision = yield* decided(book, ctx, verb, one.i, one.id, firsts[n]!, given)
        const answer = keptAnswer(one.id, decision.loaded, decision.accepted)
        made.push({ n: units.length, answer })
        units.push(...keyed(ctx, one.command, { units: [wholeUnit(ctx, decision)], answer: asJson(answer) }))
        return answer
      })
      answers.set(one.n, tried)
    }
    const outcomes = yield* commitEach(units)
    const lost = new Set(made.filter(({ n }) => outcomes[n]!.outcome !== 'done').map(({ answer }) => answer.id))
    const again = wave.filter(({ id }) => lost.has(id))
    if (again.some(({ tries }) => tries >= TRIES)) throw writeConflict(`${again[0]!.command.command} ${again[0]!.id}`)
    const done = new Set(wave.filter(({ id }) => !lost.has(id)).map(({ n }) => n))
    waiting = waiting.flatMap((one) => (done.has(one.n) ? [] : [lost.has(one.id) ? { ...one, tries: one.tries + 1 } : one]))
  }
  return all.map((_, n) => answers.get(n)!)
}

function* attempted(work: () => Operation<KeptAnswer>): Operation<Attempt<KeptAnswer>> {
  try {
    return { ok: true, value: yield* work() }
  } catch (error) {
    if (!isPatronkitError(error) || error.retryable !== false) throw error
    return { ok: false, error }
  }
}

/** What the verb would answer now. Nothing is written. */
export function* tryOut<I extends Requested>(book: Rulebook, ctx: Context, verb: Verb<I>, where: Where<I>, i: I): Operation<KeptAnswer> {
  const id = previewId(verb.name)
  const first =
    'owner' in where ? firstReads(where.owner(i), verb.needs(i, id)) : foundBy(verb, where, i, id, (yield* read(ctx, where.find(i)))[0])
  const { loaded, accepted } = yield* decided(book, ctx, verb, i, id, first, yield* read(ctx, ...first.reads))
  return keptAnswer(id, loaded, accepted, verb.until?.(i, loaded.at))
}

type Found<I> = Extract<Where<I>, { find: unknown }>

const foundBy = <I extends Requested>(verb: Verb<I>, where: Found<I>, i: I, id: string, answer: unknown) =>
  firstReads(where.found(i, answer), verb.needs(i, id, answer))

const plain = (content: object): { readonly [field: string]: Json | undefined } => content as { readonly [field: string]: Json | undefined }

/**
 * A refusal counts only if the key was not used meanwhile: where the account was read after the key was looked up, the same
 * command may have gone through in between, and then its answer is the answer.
 */
export function* unlessMade<T>(ctx: Context, key: Keyed, operation: Operation<T>): Operation<T> {
  try {
    return yield* operation
  } catch (error) {
    if (!isPatronkitError(error) || !error.code.startsWith('loyalty/')) throw error
    const [made] = yield* read(ctx, keyRead(key))
    throw made ? writeConflict(`${key.command} ${key.idempotencyKey}`) : error
  }
}

/** A budget or a stock that ran short since it was read: the command is decided anew and sees what is left. */
export function* retriedWhenShort<T>(operation: Operation<T>): Operation<T> {
  try {
    return yield* operation
  } catch (error) {
    if (!isPatronkitError(error, 'core/out-of-bounds')) throw error
    throw writeConflict(`${error.details.table} ${canonicalJson(error.details.column)}`)
  }
}

export const NOTHING: Takes = { adds: [], unique: [] }

interface Decided {
  readonly loaded: Loaded
  readonly accepted: Accepted
  readonly takes: Takes
}

/** The unit of a decision, with what it takes of shared things. */
function wholeUnit(ctx: Context, { loaded, accepted, takes }: Decided): Unit {
  const unit = unitFor(ctx, { loaded, accepted, took: takes.took })
  return { ...unit, adds: takes.adds, unique: [...(unit.unique ?? []), ...takes.unique] }
}

function* decided<I extends Requested>(
  book: Rulebook,
  ctx: Context,
  verb: Verb<I>,
  i: I,
  id: string,
  first: ReturnType<typeof firstReads>,
  answers: readonly unknown[],
): Operation<Decided> {
  let loaded = yield* load(ctx, book, first, answers, { at: i.at })
  for (;;) {
    const { rules, now, at } = loaded
    const opened = loaded.state ? null : openingOf(verb, i, loaded)
    const budgets = first.needs.earns ? yield* budgetsLeft(ctx, loaded) : undefined
    const state = loaded.state ?? opened!.state
    const decision = decide(verb.command(i, id, at), state, { now, programme: rules.programme, budgets })
    const again = yield* settled(ctx, loaded, decision)
    if (again) {
      loaded = yield* loadAccount(ctx, book, first.owner, first.needs, {
        at: i.at,
        reach: again.reach ?? loaded.reached,
        wholeTier: again.wholeTier || loaded.wholeTier,
      })
      continue
    }
    const accepted = decision as Accepted
    const whole = opened ? { ...accepted, events: [...opened.events, ...accepted.events] } : accepted
    const takes = verb.takes ? yield* verb.takes(ctx, i, id, { book, loaded, accepted }) : NOTHING
    return { loaded, accepted: whole, takes: { ...takes, adds: [...budgetAdds(loaded, accepted.uses), ...takes.adds] } }
  }
}

/** Throws a refusal; says what more has to be read; null for a yes that stands. */
export function* settled(
  ctx: Context,
  loaded: Loaded,
  decision: Decision,
): Operation<{ readonly reach?: number; readonly wholeTier?: boolean } | null> {
  if (decision.outcome === 'rejected') {
    yield* unmoved(ctx, loaded)
    throw refusal(decision.rejection)
  }
  if (decision.outcome === 'needs-lots') return { reach: loaded.reached + decision.points }
  return !loaded.wholeTier && isLate(loaded, decision) ? { wholeTier: true } : null
}

/** A movement that is not behind the standing folds the tier anew, and for that every movement counts. */
function isLate({ state }: Loaded, { events }: Accepted): boolean {
  const asOf = state?.standing?.asOf
  return asOf !== undefined && events.some((event) => event.type === 'loyalty.qualified' && Date.parse(event.data.from) <= asOf)
}

/** The account that the verb finds missing: opened by it, as of the instant that it is dated at. */
function openingOf<I extends Requested>(
  verb: Verb<I>,
  i: I,
  loaded: Loaded,
): { readonly state: AccountState; readonly events: Accepted['events'] } {
  const { owner, rules, at } = loaded
  if (!verb.opens) throw unknownAccount(owner)
  return openAccount(
    { account: owner.account, programme: owner.programme, zone: verb.opens(i).zone ?? zoneOf(rules.programme), at },
    rules.programme,
  )
}

export const unknownAccount = ({ programme, account }: Owner) =>
  refusal({ code: 'loyalty/account-unknown', details: { programme, account } })
