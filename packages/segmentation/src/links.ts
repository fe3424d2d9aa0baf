import { all, type Context, field, list, type Operation, type RowOf, read } from '@patronkit/core/service'
import { belongings } from './tables.ts'

/** Customers to whom others of a source belong by a column, and how many each may have before it is enough. */
export interface Named {
  readonly source: string
  readonly link: string
  readonly owners: readonly string[]
  readonly most: number
}

export const linksTo = ({ source, link, owners, most }: Named) =>
  list(belongings, {
    where: all(field('source').eq(source), field('link').eq(link), field('owner').in(owners)),
    order: ['owner', 'customer'],
    limit: most * owners.length + 1,
  })

/**
 * Those who are linked: of an owner who has more than enough one too many, of every other one all. Where some take the room of others,
 * the others are asked for once more.
 */
export function* linkedTo(ctx: Context, i: Named, links: readonly RowOf<typeof belongings>[]): Operation<readonly string[]> {
  const { owners, most } = i
  const byOwner = Map.groupBy(links, ({ owner }) => owner)
  const of = (owner: string) => (byOwner.get(owner) ?? []).slice(0, most + 1).map(({ customer }) => customer)
  if (links.length <= most * owners.length) return owners.flatMap(of)
  const full = owners.filter((owner) => of(owner).length > most)
  const others = owners.filter((owner) => of(owner).length <= most)
  if (others.length === 0) return full.flatMap(of)
  const rest = { ...i, owners: others }
  const [left] = yield* read(ctx, linksTo(rest))
  return [...full.flatMap(of), ...(yield* linkedTo(ctx, rest, left))]
}
