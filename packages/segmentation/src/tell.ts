import { type Context, nowFor, type Operation, type Unit, unitOn } from '@patronkit/core/service'
import type { Looks } from './belonging.ts'
import { readFacts, type Stored, SUBJECT, subjectOf, unitFor } from './customer.ts'
import { type Beside, type Decision, decide, type Wanted, wanted } from './decide.ts'
import { EVERYTHING } from './members/dependencies.ts'
import { readMembers } from './read-members.ts'
import type { CustomerState } from './rows.ts'
import type { Shelf } from './rulebook.ts'
import { causeOf, decidingOf, looksAt, memberChanges, type Telling } from './telling.ts'

export interface Heard {
  readonly decision: Decision
  readonly unit: Unit
  /** The customer with time passed up to now, which is not written. */
  readonly now: CustomerState
  /** Whether somebody who belongs to the customer was told about in the same call. */
  readonly touched: boolean
}

export interface Hearing {
  /** One a telling, in their order. */
  readonly heard: readonly Heard[]
  /** What becomes of those to whom somebody told about belongs, where nothing was told about themselves. */
  readonly touched: readonly Unit[]
  /** Subjects that are decided together: a person and whom they belong to. */
  readonly ties: readonly (readonly [string, string])[]
}

/**
 * Decides on what is told about customers of one or several sources: facts are read once, and only those that rules look at. To whom they
 * belong is decided with them, under one commit: a company never stands where its people no longer are.
 */
export function* tell(ctx: Context, shelf: Shelf, tellings: readonly Telling[]): Operation<Hearing> {
  const changes = yield* memberChanges(ctx, shelf, tellings)
  const own = new Set(tellings.map(({ stored }) => subjectOf(stored.ref)))
  const others = [...changes].filter(([subject]) => !own.has(subject)).map(([, change]) => change)
  const asked = others.filter((one) => looksAt(ctx, shelf, one))
  const inFull = tellings.map((one) => {
    const more = changes.get(subjectOf(one.stored.ref))
    return more ? { ...one, told: [...one.told, ...more.told] } : one
  })
  const heard = yield* hear(ctx, shelf, [...inFull, ...asked])
  const rest = others.filter((one) => !asked.includes(one))
  return {
    heard: tellings.map((one, n) => ({ ...heard[n]!, touched: changes.has(subjectOf(one.stored.ref)) })),
    touched: [...heard.slice(tellings.length).map(({ unit }) => unit), ...rest.map(({ stored }) => headOnly(ctx, stored))],
    ties: tellings.flatMap(({ stored, told }) =>
      told.length === 0 ? [] : stored.owners.map((owner) => [subjectOf(stored.ref), subjectOf(owner.ref)] as const),
    ),
  }
}

/** What becomes of those to whom a customer belonged who is no more. */
export function* leave(ctx: Context, shelf: Shelf, stored: Stored): Operation<readonly Unit[]> {
  const { ref, head, state, owners } = stored
  const at = Math.max(nowFor(ctx, head), state?.memberships.asOf ?? 0)
  const cause = causeOf(ref)
  const units: Unit[] = []
  for (const owner of owners) {
    if (subjectOf(owner.ref) === subjectOf(ref)) continue
    const relations = shelf.owners(ref.source).filter(({ source }) => source === owner.ref.source)
    const members = relations.map(({ relation }) => ({ relation, id: ref.customer, entity: null, changed: EVERYTHING }) as const)
    const change = { stored: owner, told: [{ at, cause, members }] }
    const [heard] = looksAt(ctx, shelf, change) ? yield* hear(ctx, shelf, [change]) : []
    units.push(heard?.unit ?? headOnly(ctx, owner))
  }
  return units
}

/** The units of a call: one for what hangs together. `news` says of each telling whether it changes anything. */
export function unitsOf({ heard, touched, ties }: Hearing, news: (n: number) => boolean): readonly Unit[] {
  const units = [...heard.flatMap((one, n) => (news(n) || one.touched ? [one.unit] : [])), ...touched]
  const root = rootsBy(ties)
  return [...Map.groupBy(units, ({ heads }) => root(heads[0]!.subject)).values()].flatMap(asOne)
}

/** One subject of all that are tied to one another, directly or through others. */
function rootsBy(ties: Hearing['ties']): (subject: string) => string {
  const above = new Map<string, string>()
  const root = (subject: string): string => {
    let at = subject
    for (let up = above.get(at); up !== undefined; up = above.get(at)) at = up
    return at
  }
  for (const [one, other] of ties) if (root(one) !== root(other)) above.set(root(one), root(other))
  return root
}

/** Units over different customers that stand or fall together. */
export const asOne = (units: readonly Unit[]): readonly Unit[] =>
  units.length < 2
    ? units
    : [
        {
          tenant: units[0]!.tenant,
          heads: units.flatMap(({ heads }) => heads),
          writes: units.flatMap(({ writes }) => writes),
          events: units.flatMap(({ events }) => events),
          timers: units.flatMap(({ timers }) => timers),
        },
      ]

/** Whoever reads people under the head of their company has to see that one of them changed, though no rule looked at it. */
const headOnly = (ctx: Context, { ref, head }: Stored): Unit =>
  unitOn(ctx, { kind: SUBJECT, subject: subjectOf(ref), head, events: [], writes: [] })

type HeardAlone = Omit<Heard, 'touched'>

function* hear(ctx: Context, shelf: Shelf, tellings: readonly Telling[]): Operation<readonly HeardAlone[]> {
  const heard = new Map<Telling, HeardAlone>()
  for (const [source, ofSource] of Map.groupBy(tellings, ({ stored }) => stored.ref.source)) {
    const deciding = ofSource.map((telling) => decidingOf(ctx, shelf, telling))
    // time may be asked to pass beyond now
    const looks = deciding.map((one) => wanted({ ...one, to: Math.max(one.to ?? one.now, one.now) }))
    const beside = yield* readBeside(ctx, shelf, source, ofSource, looks)
    for (const [n, telling] of ofSource.entries()) {
      const one = deciding[n]!
      const decision = decide({ ...one, ...beside[n]! })
      const { state: now } = decide({ ...one, ...decision.beside, state: decision.state, told: [], to: one.now })
      const { stored, facts: rows, events, fired } = telling
      const unit = unitFor(ctx, {
        stored,
        decision,
        owners: shelf.owners(source),
        ...(rows ? { facts: rows } : {}),
        ...(events ? { events } : {}),
        ...(fired ? { fired } : {}),
      })
      heard.set(telling, { decision, unit, now })
    }
  }
  return tellings.map((one) => heard.get(one)!)
}

/** The facts and people that decisions look at, read once for all of them. */
function* readBeside(
  ctx: Context,
  shelf: Shelf,
  source: string,
  tellings: readonly Telling[],
  looks: readonly Wanted[],
): Operation<readonly Beside[]> {
  const asked = tellings.filter(({ stored }, n) => stored.state && stored.state.facts > 0 && looks[n]!.events?.length !== 0)
  const types = looks.some(({ events }) => events === null) ? null : [...new Set(looks.flatMap(({ events }) => events ?? []))]
  const facts = yield* readFacts(
    ctx,
    source,
    asked.map(({ stored }) => stored.ref.customer),
    types,
  )
  const looking = tellings.filter((_, n) => looks[n]!.members.size > 0)
  const members = yield* readMembers(
    ctx,
    shelf,
    source,
    looking.map(({ stored }) => stored.ref.customer),
    together(looks.map(({ members }) => members)),
    Math.max(0, ...tellings.map(({ told }) => told.filter(({ members }) => members).length)),
  )
  return tellings.map(({ stored }) => {
    const mine = members.get(stored.ref.customer)
    return { facts: facts.get(stored.ref.customer) ?? [], ...(mine ? { members: mine } : {}) }
  })
}

/** What any of them looks at. */
function together(all: readonly Looks[]): Looks {
  const found = new Map<string, ReadonlySet<string>>()
  for (const looks of all) for (const [relation, types] of looks) found.set(relation, new Set([...(found.get(relation) ?? []), ...types]))
  return found
}
