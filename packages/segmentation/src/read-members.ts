import { all, behind, type Context, cursorAt, field, list, type Operation, type Pred, read } from '@patronkit/core/service'
import { type Looks, type MembersOf, ownerIn } from './belonging.ts'
import { readFacts } from './customer.ts'
import { tooManyMembers } from './refusals.ts'
import { type CustomerRow, entityOf, stateOf } from './rows.ts'
import { linkedBy, type Shelf } from './rulebook.ts'
import type { Entity } from './rules/compile.ts'
import type { Values } from './rules/leaf.ts'
import { belongings, customers } from './tables.ts'

/** Every one of them is looked at when a rule asks about them. */
const MOST_MEMBERS = 10_000
const PAGE = 1_000

/**
 * Those who belong to customers of a source, by relation, with the events that rules look at. They stand under the head of the one they
 * belong to: every commit that changes one of them moves it.
 */
export function* readMembers(
  ctx: Context,
  shelf: Shelf,
  source: string,
  ids: readonly string[],
  looks: Looks,
): Operation<ReadonlyMap<string, MembersOf>> {
  const found = new Map<string, Record<string, readonly Entity[]>>(ids.map((id) => [id, {}]))
  const relations = shelf.members(source)
  for (const [relation, types] of looks) {
    const of = relations.get(relation)
    if (!of || ids.length === 0) continue
    const rows = yield* membersBy(ctx, shelf, of.source, of.of, ids)
    const facts = yield* readFacts(ctx, of.source, idsIn(rows), [...types])
    for (const [owner, mine] of Map.groupBy(rows, (row) => ownerIn(row.profile as Values, of.of)!)) {
      if (mine.length > MOST_MEMBERS) throw tooManyMembers({ source, customer: owner }, MOST_MEMBERS)
      const members = found.get(owner)
      if (members) members[relation] = mine.map((row) => entityOf(row.customer, stateOf(row), facts.get(row.customer) ?? []))
    }
  }
  return found
}

const idsIn = (rows: readonly CustomerRow[]): readonly string[] => rows.map(({ customer }) => customer)

function* membersBy(
  ctx: Context,
  shelf: Shelf,
  source: string,
  link: string,
  owners: readonly string[],
): Operation<readonly CustomerRow[]> {
  const named = all(field('source').eq(source), field('link').eq(link), field('owner').in(owners))
  const most = MOST_MEMBERS * owners.length + 1
  const linked = linkedBy(shelf.owners(source))!
  // each probe is the first row of its part of an index
  const parts = [field('linked').eq(null), field('linked').lt(linked), field('linked').gt(linked)]
  const [links, ...probes] = yield* read(
    ctx,
    list(belongings, { where: named, order: ['owner', 'customer'], limit: most }),
    ...parts.map((part) => list(customers, { where: all(field('source').eq(source), part), order: ['linked'], limit: 1 })),
  )
  const found = new Map<string, CustomerRow>()
  const wanted = new Set(owners)
  const take = (rows: readonly CustomerRow[]) => {
    for (const row of rows) if (wanted.has(ownerIn(row.profile as Values, link) ?? '')) found.set(row.customer, row)
  }
  for (let from = 0; from < links.length; from += PAGE) {
    const some = links.slice(from, from + PAGE).map(({ customer }) => customer)
    const [rows] = yield* read(ctx, list(customers, { where: all(field('source').eq(source), field('customer').in(some)), limit: PAGE }))
    take(rows)
  }
  for (const [n, part] of parts.entries()) if (probes[n]!.length > 0) yield* unlinked(ctx, source, part, take)
  return [...found.values()]
}

/** Those whose belongings are not written yet, because the relation was published after them; `tick` writes them page by page. */
function* unlinked(ctx: Context, source: string, part: Pred, take: (rows: readonly CustomerRow[]) => void): Operation<void> {
  const order = ['customer']
  for (let after: string | undefined; ; ) {
    const where = all(field('source').eq(source), part, behind(order, after))
    const [rows] = yield* read(ctx, list(customers, { where, order, limit: PAGE }))
    take(rows)
    if (rows.length < PAGE) return
    after = cursorAt(order, rows.at(-1)!)
  }
}
