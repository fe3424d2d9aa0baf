import { type Context, type Happened, nowFor, type Operation, type TimerLease, writeConflict } from '@patronkit/core/service'
import { ownerIn } from './belonging.ts'
import { readFacts, type Stored, subjectOf } from './customer.ts'
import { type Deciding, looksOf, type MemberChange, membersChanged, rulesThrough, type Told, walk } from './decide.ts'
import { type Changed, EVERYTHING } from './members/dependencies.ts'
import type { CustomerRef, FactRow } from './rows.ts'
import type { Owner, Shelf } from './rulebook.ts'
import type { Fact } from './rules/behaviour.ts'
import type { Entity } from './rules/compile.ts'
import type { Columns } from './rules/source.ts'

/** What is told about one customer. */
export interface Telling {
  readonly stored: Stored
  readonly told: readonly Told[]
  readonly facts?: readonly FactRow[]
  readonly events?: readonly Happened[]
  /** How far time is passed behind what is told, and written down. Default: not at all. */
  readonly to?: number
  readonly fired?: TimerLease
}

/** What becomes different for somebody by what is told about others. */
export type Change = Pick<Telling, 'stored' | 'told'>

/** What becomes different for those to whom customers belong about whom something is told. */
export function* memberChanges(ctx: Context, shelf: Shelf, tellings: readonly Telling[]): Operation<ReadonlyMap<string, Change>> {
  const changes = new Map<string, { readonly stored: Stored; readonly told: Told[] }>()
  const told = new Set(tellings.map(({ stored }) => subjectOf(stored.ref)))
  for (const [source, ofSource] of Map.groupBy(tellings, ({ stored }) => stored.ref.source)) {
    const owners = shelf.owners(source)
    const belonging = owners.length === 0 ? [] : ofSource.filter(({ told }) => told.some(isOfThemselves))
    if (belonging.length === 0) continue
    const byName = new Map(belonging.flatMap(({ stored }) => stored.owners).map((one) => [subjectOf(one.ref), one]))
    // whom nobody told about is asked nothing
    const asked = [...byName].flatMap(([name, one]) => (one.state || told.has(name) ? [one] : []))
    const types = typesLookedAt(ctx, shelf, owners, asked)
    const known = belonging.filter(({ stored }) => stored.state && stored.state.facts > 0)
    const facts = yield* readFacts(
      ctx,
      source,
      known.map(({ stored }) => stored.ref.customer),
      types,
    )
    for (const telling of belonging) {
      const deciding = decidingOf(ctx, shelf, telling)
      for (const { owner, told } of changesFor(owners, deciding, facts.get(telling.stored.ref.customer) ?? [])) {
        const name = subjectOf(owner)
        const stored = byName.get(name)
        // it came to belong to them since their head was read
        if (!stored) throw writeConflict(name)
        const change = changes.get(name) ?? { stored, told: [] }
        change.told.push(told)
        changes.set(name, change)
      }
    }
  }
  return changes
}

/** Looking anew at those who belong to a customer changes nothing about the customer. */
const isOfThemselves = ({ anew }: Told): boolean => anew === undefined

/** The types of events that the rules of owners look at. */
function typesLookedAt(ctx: Context, shelf: Shelf, owners: readonly Owner[], stored: readonly Stored[]): readonly string[] {
  const relations = (source: string) => owners.filter((one) => one.source === source).map(({ relation }) => relation)
  const types = stored.flatMap((one) => {
    const looks = looksOf(rulesOf(ctx, shelf, one))
    return relations(one.ref.source).flatMap((relation) => [...(looks.get(relation) ?? [])])
  })
  return [...new Set(types)]
}

/** The rules a customer is under from where they stand until now; all there ever were for one who is told about from whenever on. */
function rulesOf(ctx: Context, shelf: Shelf, { ref, head, state }: Stored) {
  const now = nowFor(ctx, head)
  return rulesThrough(shelf.timeline(ref.source, state?.knownAt ?? now), state?.memberships.asOf ?? Number.NEGATIVE_INFINITY, now)
}

/** How a flip says that somebody who belongs to the customer is why. */
export const causeOf = (ref: CustomerRef): string => `member/${subjectOf(ref)}`

/** What a customer comes to for each of those they belong to, step by step. */
function changesFor(owners: readonly Owner[], i: Deciding, facts: readonly Fact[]) {
  const { ref, state } = i
  const { entity: first, steps } = walk({ ...i, facts })
  const found: { readonly owner: CustomerRef; readonly told: Told }[] = []
  let before = state ? first : null
  let at = state?.memberships.asOf ?? Number.NEGATIVE_INFINITY
  const cause = causeOf(ref)
  for (const { entity, changed, at: told } of steps) {
    // for those they belong to it counts from when it counts for themselves
    at = Math.max(at, told)
    // by several relations to one company it is one change
    const byOwner = new Map<string, { readonly owner: CustomerRef; readonly members: readonly MemberChange[] }>()
    for (const { source, relation, column } of owners) {
      const [was, is] = [before && ownerIn(before.values, column), ownerIn(entity.values, column)]
      const tell = (customer: string, now: Entity | null, what: Changed | typeof EVERYTHING) => {
        const owner = { source, customer }
        const { members } = byOwner.get(subjectOf(owner)) ?? { members: [] }
        const member = { relation, id: ref.customer, entity: now, changed: what }
        byOwner.set(subjectOf(owner), { owner, members: [...members, member] })
      }
      if (was && was !== is) tell(was, null, EVERYTHING)
      if (is !== null) tell(is, entity, was === is ? changed : EVERYTHING)
    }
    for (const { owner, members } of byOwner.values()) found.push({ owner, told: { at, cause, members } })
    before = entity
  }
  return found
}

/** Whether a rule of the customer's looks at what changed about those who belong to them. */
export function looksAt(ctx: Context, shelf: Shelf, { stored, told }: Change): boolean {
  const { ref, state } = stored
  // nobody was ever told about them
  if (!state) return false
  if (state.trouble !== null) return true
  const changes = told.map(membersChanged)
  return rulesOf(ctx, shelf, stored).some(({ book }) =>
    changes.some((members) => book.affected({ source: ref.source, changed: { members } }).length > 0),
  )
}

export function decidingOf(ctx: Context, shelf: Shelf, { stored, told, to }: Telling): Deciding {
  const { ref, head, state } = stored
  const now = nowFor(ctx, head)
  const columns: Columns = shelf.now(ref.source).source?.columns ?? {}
  return { ref, state, columns, told, to: to ?? null, now, timeline: shelf.timeline(ref.source, state?.knownAt ?? now) }
}
