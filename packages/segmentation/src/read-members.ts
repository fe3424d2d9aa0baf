import { all, behind, type Context, cursorAt, field, list, type Operation, type Pred, read } from '@patronkit/core/service'
import { type Looks, type MembersOf, MOST_MEMBERS, ownerIn } from './belonging.ts'
import { readFacts } from './customer.ts'
import { linkedTo, linksTo } from './links.ts'
import { type CustomerRow, entityOf, stateOf } from './rows.ts'
import { linkedBy, type Shelf } from './rulebook.ts'
import type { Entity } from './rules/compile.ts'
import type { Values } from './rules/leaf.ts'
import { customers } from './tables.ts'

const PAGE = 1_000

/**
 * Those who belong to customers of a source, by relation, with the events that rules look at. They stand under the head of the one they
 * belong to: every commit that changes one of them moves it. Where they are more than rules ask about, by more than are about to leave,
 * not all are read; `refuseTooMany` tells.
 */
export function* readMembers(
  ctx: Context,
  shelf: Shelf,
  source: string,
  ids: readonly string[],
  looks: Looks,
  leaving = 0,
): Operation<ReadonlyMap<string, MembersOf>> {
  const found = new Map<string, Record<string, readonly Entity[]>>(ids.map((id) => [id, {}]))
  const relations = shelf.members(source)
  for (const [relation, types] of looks) {
    const of = relations.get(relation)
    if (!of || ids.length === 0) continue
    const rows = yield* membersBy(ctx, shelf, of.source, of.of, ids, MOST_MEMBERS + leaving)
    const facts = yield* readFacts(ctx, of.source, idsIn(rows), [...types])
    for (const [owner, mine] of Map.groupBy(rows, (row) => ownerIn(row.profile as Values, of.of)!)) {
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
  most: number,
): Operation<readonly CustomerRow[]> {
  const named = { source, link, owners, most }
  const linked = linkedBy(shelf.owners(source))!
  // each probe is the first row of its part of an index
  const parts = [field('linked').eq(null), field('linked').lt(linked), field('linked').gt(linked)]
  const [links, ...probes] = yield* read(
    ctx,
    linksTo(named),
    ...parts.map((part) => list(customers, { where: all(field('source').eq(source), part), order: ['linked'], limit: 1 })),
  )
  const found = new Map<string, CustomerRow>()
  const wanted = new Set(owners)
  const take = (rows: readonly CustomerRow[]) => {
    for (const row of rows) if (wanted.has(ownerIn(row.profile as Values, link) ?? '')) found.set(row.customer, row)
  }
  const ids = yield* linkedTo(ctx, named, links)
  for (let from = 0; from < ids.length; from += PAGE) {
    const some = ids.slice(from, from + PAGE)
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
