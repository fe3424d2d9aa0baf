import type { Duration } from '@patronkit/core'
import { kindOf, limitOf } from '../limit.ts'
import type { Attributes } from '../model.ts'
import { agreementOf, calendarIdOf, matches, type SlaPolicy } from '../policy.ts'
import { attributesOf, type Kind } from './kinds.ts'
import type { Share } from './model.ts'

/** A share with the calendar it is counted on. */
export interface Counted {
  readonly share: Share
  readonly calendar: string
}

/** What an agreement has its parties do for one kind of item. */
export interface Inside {
  readonly counted: readonly Counted[]
  readonly unbound: readonly string[]
}

/** The first policy that holds for a kind of item; policies stand in their order. */
export const holding = (policies: readonly SlaPolicy[], attributes: Attributes): SlaPolicy | undefined =>
  policies.find(({ body }) => matches(body, attributes))

/** A policy's limit for such an item as a length; null where it sets none, or a date, which no sum reaches into. */
export function countedOf(policy: SlaPolicy, metric: string, attributes: Attributes, party: string | null): Counted | null {
  const limit = limitOf(policy.body.targets[metric]!, attributes)
  if (limit === null || kindOf(limit) === 'date') return null
  const share = { agreement: agreementOf(policy.body), policy: policy.id, metric, party, length: limit as Duration }
  return { share, calendar: calendarIdOf(policy.body, attributes) }
}

/**
 * Each party of an agreement once: the teams of `per`, or the agreement as a whole. `metricOf` names the metric of a policy that uses
 * up the promise.
 */
export function insideOf(
  policies: readonly SlaPolicy[],
  kind: Kind,
  partiesOf: (attribute: string) => readonly string[],
  metricOf: (policy: SlaPolicy) => string | undefined,
): Inside {
  if (!policies.some((policy) => metricOf(policy) !== undefined)) return { counted: [], unbound: [] }
  const attribute = policies.find(({ body }) => body.per !== undefined)?.body.per
  const counted: Counted[] = []
  const unbound: string[] = []
  for (const party of attribute === undefined ? [null] : partiesOf(attribute)) {
    const attributes = attributesOf(party === null ? kind : [...kind, [attribute!, party]])
    const policy = holding(policies, attributes)
    const metric = policy && metricOf(policy)
    const found = policy && metric !== undefined ? countedOf(policy, metric, attributes, party) : null
    if (found) counted.push(found)
    else if (party !== null) unbound.push(party)
  }
  return { counted, unbound }
}
