import type { Write } from '@patronkit/core/service'
import { tooManyMembers } from './refusals.ts'
import type { CustomerRef, CustomerState } from './rows.ts'
import type { Owner } from './rulebook.ts'
import type { Entity } from './rules/compile.ts'
import type { Values } from './rules/leaf.ts'
import { isCustomerId } from './schema.ts'
import { belongings } from './tables.ts'

/** Those who belong to a customer, by relation. */
export type MembersOf = NonNullable<Entity['members']>

/** Every one of them is looked at when a rule asks about them. */
export const MOST_MEMBERS = 10_000

/** Refuses to ask about a customer to whom more belong. */
export function refuseTooMany(ref: CustomerRef, members: MembersOf = {}): void {
  for (const mine of Object.values(members)) if (mine.length > MOST_MEMBERS) throw tooManyMembers(ref, MOST_MEMBERS)
}

/** Relations that rules look at, each with the types of events it looks at there. */
export type Looks = ReadonlyMap<string, ReadonlySet<string>>

/** Whom a column names; what can be nobody's id names nobody. */
export function ownerIn(values: Values, column: string): string | null {
  const found = Object.hasOwn(values, column) ? values[column] : null
  return isCustomerId(found) ? found : null
}

/** To whom a customer with these columns belongs. */
export function ownersOf(owners: readonly Owner[], ...values: readonly Values[]): readonly CustomerRef[] {
  const found = new Map<string, CustomerRef>()
  for (const { source, column } of owners) {
    for (const of of values) {
      const customer = ownerIn(of, column)
      if (customer !== null) found.set(`${source}/${customer}`, { source, customer })
    }
  }
  return [...found.values()]
}

/** The rows that say to whom a customer belongs, as they have to change. */
export function linkWrites({ source, customer }: CustomerRef, before: CustomerState | null, after: CustomerState): readonly Write[] {
  const [was, is] = [linksOf(before), linksOf(after)]
  const keyOf = ([link, owner]: readonly [string, string]) => ({ source, link, owner, customer })
  const without = (some: typeof was, others: typeof was) => some.filter((one) => !others.some((other) => keyText(other) === keyText(one)))
  return [
    ...without(was, is).map((one): Write => ({ write: 'remove', table: belongings, key: keyOf(one) })),
    ...without(is, was).map((one): Write => ({ write: 'insert', table: belongings, row: keyOf(one) })),
  ]
}

const keyText = (link: readonly [string, string]): string => JSON.stringify(link)

export function linksOf(state: CustomerState | null): readonly (readonly [column: string, owner: string])[] {
  if (!state || state.linked === null) return []
  return (JSON.parse(state.linked) as readonly string[]).flatMap((column) => {
    const owner = ownerIn(state.profile.values, column)
    return owner === null ? [] : [[column, owner] as const]
  })
}
