import type { Instant } from '@patronkit/core'
import { type Context, holds, type Operation, type Pred, parse, valueAt } from '@patronkit/core/service'
import type { Attributes } from './model.ts'
import { agreementOf } from './policy.ts'
import type { Rulebook } from './rulebook.ts'
import { matchSchema } from './schema.ts'

/** A condition with what it found, and its parts. */
export interface Checked {
  readonly condition: string
  readonly holds: boolean
  /** What the item has there; undefined for a group of conditions. */
  readonly found?: unknown
  readonly parts?: readonly Checked[]
}

/** A policy in the order in which they are tried. */
export interface Tried {
  readonly agreement: string
  readonly policy: { readonly id: string; readonly version: number }
  readonly matches: boolean
  /** True for the one that holds: the first of its agreement that matches. */
  readonly holds: boolean
  /** Null for a policy that is for every item. */
  readonly because: Checked | null
}

/** Which policies would hold for an item with these attributes, opened at `at` (default now), and why the others would not. */
export function* explainMatch(
  book: Rulebook,
  ctx: Context,
  i: { attributes: { readonly [name: string]: unknown }; at?: Instant },
): Operation<readonly Tried[]> {
  const { attributes, at = ctx.now } = parse(matchSchema, i, 'explainMatch')
  const ref = (yield* book.refs(ctx))(at)
  const { policies } = (yield* book.books(ctx, [ref]))(ref)
  const taken = new Set<string>()
  return policies.map(({ policy, pin }): Tried => {
    const agreement = agreementOf(policy)
    const because = policy.when ? checked(policy.when, attributes) : null
    const matches = because?.holds ?? true
    const first = matches && !taken.has(agreement)
    if (first) taken.add(agreement)
    return { agreement, policy: { id: pin.id, version: pin.version }, matches, holds: first, because }
  })
}

function checked(pred: Pred, attributes: Attributes): Checked {
  const fulfilled = holds(pred, (path) => valueAt(attributes, path))
  switch (pred.op) {
    case 'all':
    case 'any':
      return { condition: pred.op, holds: fulfilled, parts: pred.of.map((part) => checked(part, attributes)) }
    case 'not':
      return { condition: 'not', holds: fulfilled, parts: [checked(pred.of, attributes)] }
    case 'in':
      return { condition: `${pred.field} in ${JSON.stringify(pred.values)}`, holds: fulfilled, found: valueAt(attributes, pred.field) }
    default:
      return {
        condition: `${pred.field} ${pred.op} ${JSON.stringify(pred.value)}`,
        holds: fulfilled,
        found: valueAt(attributes, pred.field),
      }
  }
}
