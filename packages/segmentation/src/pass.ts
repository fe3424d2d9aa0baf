import { type MembershipEvent, type Memberships, NO_MEMBERSHIPS, type Settled } from './members/book.ts'
import type { Changed } from './members/dependencies.ts'
import type { Rules, Timeline } from './rulebook.ts'
import type { Entity } from './rules/compile.ts'

/** Where a customer stands, and by which rules. Without rules they were never asked, or could not be: then everything is. */
export interface Standing {
  readonly memberships: Memberships
  readonly rules: string | null
}

export const UNASKED: Standing = Object.freeze({ memberships: NO_MEMBERSHIPS, rules: null })

/** Something that happened to a customer. `entity` is the customer with it. */
export interface Step {
  readonly at: number
  readonly cause: string
  readonly entity: Entity
  readonly changed: Changed
}

export interface Passed extends Standing {
  readonly events: readonly MembershipEvent[]
  /** Rules that were asked. */
  readonly asked: number
}

/**
 * Takes a customer through what happened and through time, under the rules of each time. What lies before what they were asked about
 * last comes then: what was said stays said. Between steps each exit and entry that time alone brings has its own instant.
 */
export function pass(i: {
  readonly source: string
  readonly entity: Entity
  readonly before: Standing
  readonly timeline: Timeline
  readonly steps: readonly Step[]
  /** How far time is passed behind the last step; null for not at all. */
  readonly to: number | null
}): Passed {
  const { source, timeline } = i
  let { entity } = i
  let { memberships, rules } = i.before
  const events: MembershipEvent[] = []
  let asked = 0
  const take = (settled: Settled) => {
    memberships = settled.memberships
    asked += settled.evaluated
    events.push(...settled.events)
  }
  const everything = (at: number, cause: string) => {
    const found = timeline.at(at)
    take(found.book.settle({ source, entity, before: memberships, at, cause }))
    rules = found.id
  }
  const adopt = (at: number, old: Rules | null) => {
    const found = timeline.at(at)
    const only = old ? changedBetween(old, found) : undefined
    take(found.book.settle({ source, entity, before: memberships, at, cause: 'rule', ...(only ? { only } : {}) }))
    rules = found.id
  }
  const passTo = (to: number) => {
    const since = timeline.at(memberships.asOf)
    if (since.id !== rules) adopt(memberships.asOf, null)
    for (;;) {
      const before = timeline.at(memberships.asOf)
      const change = timeline.changeAfter(memberships.asOf, to)
      const until = change === null ? to : change - 1
      if (until >= memberships.asOf) take(before.book.passTime({ source, entity, before: memberships, to: until }))
      if (change === null) return
      adopt(change, before)
      take(timeline.at(change).book.passTime({ source, entity, before: memberships, to: change }))
    }
  }

  for (const step of i.steps) {
    const at = Math.max(step.at, memberships.asOf)
    if (rules !== null) passTo(at)
    entity = step.entity
    if (rules === null) everything(at, step.cause)
    else {
      const { book } = timeline.at(at)
      const only = book.affected({ source, changed: step.changed })
      take(book.settle({ source, entity, before: memberships, at, cause: step.cause, only }))
    }
  }
  const to = i.to === null ? null : Math.max(i.to, memberships.asOf)
  if (to !== null && Number.isFinite(to)) {
    if (rules === null) everything(to, 'time')
    else passTo(to)
  }
  return { memberships, rules, events, asked }
}

/** Segments whose answer may be another under other rules. */
export function changedBetween(old: Rules, now: Rules): readonly string[] {
  if (old.id === now.id) return []
  return [...now.segments].flatMap(([segment, { print }]) => (old.segments.get(segment)?.print === print ? [] : [segment]))
}
