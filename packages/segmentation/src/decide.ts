import { isPatronkitError } from '@patronkit/core'
import type { Json } from '@patronkit/core/service'
import { type Looks, type MembersOf, refuseTooMany } from './belonging.ts'
import { type MembershipEvent, NO_MEMBERSHIPS, nextLookAt } from './members/book.ts'
import { type Changed, EVERYTHING } from './members/dependencies.ts'
import { type Passed, pass, type Step, UNASKED } from './pass.ts'
import { type Profile, toldProfile } from './profile.ts'
import { type CustomerRef, type CustomerState, entityOf } from './rows.ts'
import type { Rules, Timeline } from './rulebook.ts'
import type { Fact } from './rules/behaviour.ts'
import { type Entity, under } from './rules/compile.ts'
import type { Columns } from './rules/source.ts'

/** One thing that is told about a customer. */
export interface Told {
  readonly at: number
  readonly cause: string
  readonly fact?: Fact
  readonly profile?: { readonly [column: string]: Json }
  readonly related?: CustomerState['related']
  readonly enlist?: string
  readonly delist?: string
  /** Somebody who belongs to the customer is like this from now on, by each relation. */
  readonly members?: readonly MemberChange[]
  /** Relations whose members are to be looked at anew. */
  readonly anew?: readonly string[]
}

export interface MemberChange {
  readonly relation: string
  readonly id: string
  /** Null where they belong to the customer no more. */
  readonly entity: Entity | null
  readonly changed: Changed | typeof EVERYTHING
}

export interface Decision {
  readonly state: CustomerState
  readonly flips: readonly MembershipEvent[]
  /** Rules that were asked. */
  readonly asked: number
  /** What stands beside the row behind all that was told. */
  readonly beside: Beside
}

/** Nobody yet: known from now on. */
const nobody = (now: number): CustomerState => ({
  profile: { values: {}, told: {} },
  related: {},
  lists: [],
  facts: 0,
  stays: 0,
  memberships: NO_MEMBERSHIPS,
  open: {},
  knownAt: now,
  lookAt: null,
  rules: '',
  trouble: null,
  linked: null,
})

export interface Deciding {
  readonly ref: CustomerRef
  /** Null for a customer nobody has told us about. */
  readonly state: CustomerState | null
  readonly columns: Columns
  readonly told: readonly Told[]
  readonly timeline: Timeline
  /** How far time is passed behind what is told; null for not at all. */
  readonly to: number | null
  readonly now: number
}

/** What a decision looks at beside the customer's row. */
export interface Wanted {
  /** The types of events; null where it may be any. */
  readonly events: readonly string[] | null
  readonly members: Looks
}

/**
 * What a decision looks at. Only rules that what is told can touch are asked, and those whose time has come; all of them where other
 * rules are in force than those by which the customer was asked last.
 */
export function wanted(i: Deciding): Wanted {
  const { state, timeline } = i
  const last = Math.max(i.to ?? Number.NEGATIVE_INFINITY, ...i.told.map(({ at }) => Math.min(at, i.now)))
  const everything = (): Wanted => ({ events: null, members: looksOf(rulesThrough(timeline, firstOf(i), last)) })
  if (!state || state.trouble !== null) return everything()
  const { asOf, lookAt } = state.memberships
  const rules = timeline.at(asOf)
  if (rules.id !== state.rules || timeline.changeAfter(asOf, last) !== null) return everything()
  const touched = i.told.flatMap((one) => rules.book.affected({ source: i.ref.source, changed: namesIn(one, i.columns) }))
  const due = Object.keys(lookAt).filter((segment) => lookAt[segment]! <= last)
  const asked = [...new Set([...touched, ...due])]
  const events = new Set(asked.flatMap((segment) => [...(rules.segments.get(segment)?.needs.events ?? [])]))
  return { events: [...events], members: looksOf([rules], asked) }
}

/** Where a decision begins. */
const firstOf = ({ state, told, now }: Deciding): number =>
  state && Number.isFinite(state.memberships.asOf) ? state.memberships.asOf : Math.min(now, ...told.map(({ at }) => at))

/** The rules in force from one instant to another. */
export function rulesThrough(timeline: Timeline, from: number, to: number): readonly Rules[] {
  const found = [timeline.at(from)]
  for (let at = timeline.changeAfter(from, to); at !== null; at = timeline.changeAfter(at, to)) found.push(timeline.at(at))
  return found
}

/** What rules look at of those who belong to a customer. */
export function looksOf(rules: readonly Rules[], only?: readonly string[]): Looks {
  const looks = new Map<string, Set<string>>()
  for (const { segments } of rules) {
    for (const [segment, { needs }] of segments) {
      if (only && !only.includes(segment)) continue
      for (const [relation, { events }] of needs.members) {
        const types = looks.get(relation) ?? new Set()
        for (const type of events) types.add(type)
        looks.set(relation, types)
      }
    }
  }
  return looks
}

/** What a thing that is told may change, before it is known what it does. */
function namesIn(told: Told, columns: Columns): Changed {
  const named = Object.keys(told.profile ?? {})
  const filled = named.flatMap((name) => {
    const column = columns[name]!
    return typeof column === 'string' ? [] : [column.folded, column.since].filter((one) => one !== undefined)
  })
  return {
    columns: [...named, ...filled],
    events: told.fact ? [told.fact.type] : [],
    relations: Object.keys(told.related ?? {}),
    lists: [told.enlist, told.delist].filter((one) => one !== undefined),
    members: membersChanged(told),
  }
}

export const membersChanged = ({ members = [], anew = [] }: Told): NonNullable<Changed['members']> =>
  new Map([
    ...anew.map((relation) => [relation, EVERYTHING] as const),
    ...members.map(({ relation, changed }) => [relation, changed] as const),
  ])

/** Beside the row: facts stored so far, of the types wanted, and those who belong to the customer. */
export interface Beside {
  readonly facts: readonly Fact[]
  readonly members?: MembersOf
}

/** What was told, step by step, and the customer behind it. */
export interface Walked {
  readonly entity: Entity
  readonly steps: readonly Step[]
  readonly state: CustomerState
  readonly beside: Beside
}

export function walk(i: Deciding & Beside): Walked {
  const { ref, now } = i
  let state = i.state ?? nobody(now)
  let { facts, members } = i
  const customer = () => entityOf(ref.customer, state, facts, members)
  const entity = customer()
  const steps: Step[] = []
  for (const one of [...i.told].sort((a, b) => a.at - b.at)) {
    const changed = namesChanged(one)
    const { profile, related } = one
    const to: { profile?: Profile; related?: CustomerState['related']; lists?: readonly string[]; facts?: number } = {}
    if (one.fact) {
      facts = [...facts, one.fact]
      to.facts = state.facts + 1
    }
    if (profile) {
      const { changed: names, ...after } = toldProfile(state.profile, profile, one.at, i.columns)
      to.profile = after
      changed.columns.push(...names)
    }
    if (related) {
      const differs = Object.keys(related).filter((name) => JSON.stringify(related[name]) !== JSON.stringify(under(state.related, name)))
      to.related = { ...state.related, ...related }
      changed.relations.push(...differs)
    }
    if (one.enlist !== undefined && !state.lists.includes(one.enlist)) {
      to.lists = [...state.lists, one.enlist].sort()
      changed.lists.push(one.enlist)
    }
    if (one.delist !== undefined && state.lists.includes(one.delist)) {
      to.lists = state.lists.filter((list) => list !== one.delist)
      changed.lists.push(one.delist)
    }
    for (const member of one.members ?? []) members = withMember(members ?? {}, member)
    state = { ...state, ...to }
    steps.push({ at: Math.min(one.at, now), cause: one.cause, entity: customer(), changed: { ...changed, members: membersChanged(one) } })
  }
  return { entity, steps, state, beside: { facts, ...(members ? { members } : {}) } }
}

function withMember(members: MembersOf, { relation, id, entity }: MemberChange): MembersOf {
  const others = under(members, relation).filter((one) => one.id !== id)
  return { ...members, [relation]: entity ? [...others, entity] : others }
}

/** What becomes of a customer. */
export function decide(i: Deciding & Beside): Decision {
  const { ref, timeline, now } = i
  const { entity, steps, state, beside } = walk(i)
  const before = i.state && i.state.trouble === null ? { memberships: i.state.memberships, rules: i.state.rules } : unasked(i.state)
  try {
    refuseTooMany(ref, beside.members)
    const passed = pass({ source: ref.source, entity, before, timeline, steps, to: i.to })
    return { ...settled(state, passed, timeline, now), beside }
  } catch (error) {
    // what cannot be asked must not hold up others: who was in stays in, and it is said
    if (!isPatronkitError(error, 'segments/bad-value') && !isPatronkitError(error, 'segments/too-many-members')) throw error
    const asOf = Math.max(i.state?.memberships.asOf ?? steps[0]?.at ?? now, ...steps.map(({ at }) => at))
    const memberships = { ...(i.state?.memberships ?? NO_MEMBERSHIPS), asOf, lookAt: {} }
    const trouble = error.message.slice(0, 500)
    return { state: { ...state, memberships, lookAt: null, rules: timeline.at(now).id, trouble }, flips: [], asked: 0, beside }
  }
}

/** Everything is asked of whoever was never asked, or could not be, from where they stand. */
const unasked = (state: CustomerState | null) => (state ? { memberships: state.memberships, rules: null } : UNASKED)

interface Names {
  readonly columns: string[]
  readonly events: string[]
  readonly relations: string[]
  readonly lists: string[]
}
const namesChanged = (told: Told): Names => ({ columns: [], events: told.fact ? [told.fact.type] : [], relations: [], lists: [] })

function settled(state: CustomerState, passed: Passed, timeline: Timeline, now: number): Omit<Decision, 'beside'> {
  const { memberships, events: flips, asked } = passed
  const open = { ...state.open }
  let { stays } = state
  for (const { type, segment } of flips) {
    if (type === 'segments.entered') open[segment] = ++stays
    else delete open[segment]
  }
  const next = [nextLookAt(memberships), timeline.changeAfter(memberships.asOf, now)].filter((at) => at !== null)
  const lookAt = next.length === 0 ? null : Math.min(...next)
  return { state: { ...state, memberships, open, stays, lookAt, rules: passed.rules!, trouble: null }, flips, asked }
}
