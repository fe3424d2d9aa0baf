import type { Json, RowOf } from '@patronkit/core/service'
import type { Memberships } from './members/book.ts'
import type { Profile } from './profile.ts'
import type { Fact } from './rules/behaviour.ts'
import type { Entity } from './rules/compile.ts'
import type { Values } from './rules/leaf.ts'
import type { customers, facts, stays } from './tables.ts'

export type CustomerRow = RowOf<typeof customers>
export type FactRow = RowOf<typeof facts>
export type StayRow = RowOf<typeof stays>

export interface CustomerRef {
  readonly source: string
  readonly customer: string
}

/** What is kept of a customer, beside their facts and past stays. */
export interface CustomerState {
  readonly profile: Profile
  readonly related: { readonly [relation: string]: readonly Values[] }
  readonly lists: readonly string[]
  readonly facts: number
  readonly stays: number
  readonly memberships: Memberships
  /** The number of the stay in each segment the customer is in. */
  readonly open: { readonly [segment: string]: number }
  readonly knownAt: number
  readonly lookAt: number | null
  readonly rules: string
  readonly trouble: string | null
  /** The columns by which their belongings are written; null for none. */
  readonly linked: string | null
}

interface Inside {
  readonly [segment: string]: { readonly since: number; readonly version: number; readonly stay: number }
}

export function stateOf(row: CustomerRow): CustomerState {
  const inside = row.inside as unknown as Inside
  return {
    profile: { values: row.profile as Profile['values'], told: row.told as Profile['told'] },
    related: row.related as unknown as CustomerState['related'],
    lists: row.lists as readonly string[],
    facts: row.facts,
    stays: row.stays,
    memberships: {
      asOf: row.as_of,
      in: Object.fromEntries(Object.entries(inside).map(([segment, { since, version }]) => [segment, { since, version }])),
      lookAt: row.look as Memberships['lookAt'],
    },
    open: Object.fromEntries(Object.entries(inside).map(([segment, { stay }]) => [segment, stay])),
    knownAt: row.known_at,
    lookAt: row.look_at,
    rules: row.rules,
    trouble: row.trouble,
    linked: row.linked,
  }
}

export function customerRow({ source, customer }: CustomerRef, state: CustomerState): CustomerRow {
  const inside = Object.entries(state.memberships.in).map(([segment, at]) => [segment, { ...at, stay: state.open[segment]! }])
  return {
    source,
    customer,
    profile: state.profile.values,
    told: state.profile.told,
    related: state.related as unknown as Json,
    lists: state.lists as unknown as Json,
    facts: state.facts,
    stays: state.stays,
    inside: Object.fromEntries(inside) as Json,
    look: state.memberships.lookAt,
    as_of: state.memberships.asOf,
    known_at: state.knownAt,
    look_at: state.lookAt,
    rules: state.rules,
    trouble: state.trouble,
    linked: state.linked,
  }
}

/** A customer as rules see them. */
export const entityOf = (customer: string, state: CustomerState, facts: readonly Fact[], members?: Entity['members']): Entity => ({
  id: customer,
  values: state.profile.values,
  facts,
  related: state.related,
  lists: new Set(state.lists),
  ...(members ? { members } : {}),
})

export const factOf = (row: FactRow): Fact => ({ type: row.type, at: row.at, values: (row.data ?? {}) as Values })
