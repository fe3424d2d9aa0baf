import { define } from '@patronkit/core/service'
import type { Policy, SlaPolicy } from './policy.ts'
import { policySchema } from './policy-schema.ts'

/**
 * A promise as data.
 *
 * @example
 * ```ts
 * import { field } from '@patronkit/core'
 * import { defineSlaPolicy } from '@patronkit/sla-engine'
 *
 * export const gold = defineSlaPolicy({
 *   id: 'gold',
 *   calendar: 'rome-office',
 *   when: field('tier').eq('gold'),
 *   targets: {
 *     'first-reply': { within: { workingHours: 1 }, warnAt: [{ percent: 75 }] },
 *     resolution: { within: { by: 'priority', of: { high: { workingHours: 8 } }, otherwise: { workingDays: 3 } } },
 *   },
 *   pauseWhile: field('status').eq('waiting-customer'),
 * })
 * ```
 */
export function defineSlaPolicy(i: { id: string } & Policy): SlaPolicy {
  const { id, ...body } = i
  return define({ kind: 'sla-policy', id, body, schema: policySchema })
}
