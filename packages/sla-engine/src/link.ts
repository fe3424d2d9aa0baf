import { PatronkitError } from '@patronkit/core'
import { type Context, nowFor, type Operation, once, parse } from '@patronkit/core/service'
import { type Recorded, subjectOf } from './item.ts'
import type { ItemRef, LinkRule } from './model.ts'
import type { Rulebook } from './rulebook.ts'
import { linkSchema } from './schema.ts'
import { fromJson, joined, knownItem, nextFact, tellItem, toJson } from './told.ts'

declare global {
  interface PatronkitErrorDetails {
    'sla/cannot-link': { readonly parent: ItemRef; readonly child: ItemRef; readonly why: string }
  }
}

/** One item is a part of another, and what follows for their clocks. */
export interface LinkItems {
  readonly idempotencyKey: string
  readonly parent: ItemRef
  readonly child: ItemRef
  /** `independent` (default): nothing. `parent-waits`: the parent's clocks stand while the child is open. `children-follow`: the parent's end is the child's. */
  readonly rule?: LinkRule
}

/** Links two items; the answer is the parent's clocks. */
export function* link(book: Rulebook, ctx: Context, i: LinkItems): Operation<Recorded> {
  const { idempotencyKey, parent, child, rule = 'independent' } = parse(linkSchema, i, 'link')
  const content = { parent: parent as never, child: child as never, rule: i.rule }
  const answer = yield* once(ctx, { command: 'sla.link', idempotencyKey, content }, function* () {
    if (subjectOf(parent) === subjectOf(child)) throw cannotLink(parent, child, 'it is the same item')
    const above = yield* knownItem(ctx, parent)
    const below = yield* knownItem(ctx, child)
    const known = above.state.links.find((one) => subjectOf(one.item) === subjectOf(child))
    if (known) throw cannotLink(parent, child, `they are linked already, as ${known.as} with ${known.rule}`)
    const at = Math.max(nowFor(ctx, above.head), nowFor(ctx, below.head), above.state.asOf, below.state.asOf)
    const id = `link/${idempotencyKey}`
    const waits = rule === 'parent-waits' && !below.state.ended
    const downwards = nextFact(above, { id, at, is: { kind: 'linked', item: child, as: 'child', rule } })
    const waiting = nextFact(above, { id: `${id}/open`, at, is: { kind: 'child', child: subjectOf(child), open: true }, nth: 2 })
    const top = yield* tellItem(book, ctx, { item: parent, stored: above, facts: waits ? [downwards, waiting] : [downwards] })
    const upwards = nextFact(below, { id, at, is: { kind: 'linked', item: parent, as: 'parent', rule } })
    const bottom = yield* tellItem(book, ctx, { item: child, stored: below, facts: [upwards] })
    return { units: [joined([top.unit, bottom.unit])] as const, answer: toJson(top.answer) }
  })
  return fromJson(answer)
}

const cannotLink = (parent: ItemRef, child: ItemRef, why: string) =>
  new PatronkitError({
    code: 'sla/cannot-link',
    message: `${child.type} ${child.id} cannot become a part of ${parent.type} ${parent.id}: ${why}. Nothing was changed.`,
    details: { parent, child, why },
  })
