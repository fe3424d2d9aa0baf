import { isPatronkitError } from '@patronkit/core'
import type { Json } from '@patronkit/core/service'
import { type MembershipEvent, NO_MEMBERSHIPS, nextLookAt } from './members/book.ts'
import type { Changed } from './members/dependencies.ts'
import { type Passed, pass, type Step, UNASKED } from './pass.ts'
import { type Profile, toldProfile } from './profile.ts'
import type { CustomerRef, CustomerState } from './rows.ts'
import type { Timeline } from './rulebook.ts'
import type { Fact } from './rules/behaviour.ts'
import type { Entity } from './rules/compile.ts'
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
}

export interface Decision {
  readonly state: CustomerState
  readonly flips: readonly MembershipEvent[]
  /** Rules that were asked. */
  readonly asked: number
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
})

interface Deciding {
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

/**
 * The types of events that a decision looks at; null where it may be any. Only rules that what is told can touch are asked, and those
 * whose time has come; all of them where other rules are in force than those by which the customer was asked last.
 */
export function wantedFacts(i: Deciding): readonly string[] | null {
  const { state, timeline } = i
  const last = Math.max(i.to ?? Number.NEGATIVE_INFINITY, ...i.told.map(({ at }) => Math.min(at, i.now)))
  if (!state || state.trouble !== null) return null
  const { asOf, lookAt } = state.memberships
  const rules = timeline.at(asOf)
  if (rules.id !== state.rules || timeline.changeAfter(asOf, last) !== null) return null
  const touched = i.told.flatMap((one) => rules.book.affected({ source: i.ref.source, changed: namesIn(one, i.columns) }))
  const due = Object.keys(lookAt).filter((segment) => lookAt[segment]! <= last)
  return [...new Set([...touched, ...due].flatMap((segment) => [...(rules.segments.get(segment)?.needs.events ?? [])]))]
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
  }
}

/** What becomes of a customer. `facts` are those stored so far, of the types wanted. */
export function decide(i: Deciding & { readonly facts: readonly Fact[] }): Decision {
  const { ref, timeline, now } = i
  let state = i.state ?? nobody(now)
  let facts = i.facts
  const entityOf = (): Entity => ({
    id: ref.customer,
    values: state.profile.values,
    facts,
    related: state.related,
    lists: new Set(state.lists),
  })
  const entity = entityOf()
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
      const differs = Object.keys(related).filter((name) => JSON.stringify(related[name]) !== JSON.stringify(state.related[name] ?? []))
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
    state = { ...state, ...to }
    steps.push({ at: Math.min(one.at, now), cause: one.cause, entity: entityOf(), changed })
  }
  const before = i.state && i.state.trouble === null ? { memberships: i.state.memberships, rules: i.state.rules } : unasked(i.state)
  try {
    const passed = pass({ source: ref.source, entity, before, timeline, steps, to: i.to })
    return settled(state, passed, timeline, now)
  } catch (error) {
    // a value that cannot be read must not hold up others: who was in stays in, and it is said
    if (!isPatronkitError(error, 'segments/bad-value')) throw error
    const asOf = Math.max(i.state?.memberships.asOf ?? steps[0]?.at ?? now, ...steps.map(({ at }) => at))
    const memberships = { ...(i.state?.memberships ?? NO_MEMBERSHIPS), asOf, lookAt: {} }
    const trouble = error.message.slice(0, 500)
    return { state: { ...state, memberships, lookAt: null, rules: timeline.at(now).id, trouble }, flips: [], asked: 0 }
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

function settled(state: CustomerState, passed: Passed, timeline: Timeline, now: number): Decision {
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
