import { define } from '@patronkit/core/service'
import type { Programme, ProgrammeDefinition } from './programme.ts'
import { programmeSchema } from './programme-schema.ts'

/**
 * A loyalty programme as data: frozen, plain JSON, known by its hash.
 *
 * @example
 * ```ts
 * import { defineProgramme } from '@patronkit/loyalty-points'
 *
 * export const stars = defineProgramme({
 *   id: 'stars',
 *   currency: 'star',
 *   earn: [{ points: 1, per: { amount: '1.00', currency: 'EUR' }, base: 'net-of-points' }],
 *   redeem: { points: 100, worth: { amount: '1.00', currency: 'EUR' }, maxShare: '0.5' },
 *   expiry: { kind: 'months', months: 12, roundUpTo: 'month' },
 * })
 * ```
 */
export function defineProgramme(i: { id: string } & Programme): ProgrammeDefinition {
  const { id, ...body } = i
  return define({ kind: 'loyalty-programme', id, body, schema: programmeSchema })
}
