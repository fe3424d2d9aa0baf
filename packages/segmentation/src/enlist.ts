import type { Instant } from '@patronkit/core'
import { type Context, commit, nowFor, type Operation, parse, read } from '@patronkit/core/service'
import { readWithOwners } from './customer.ts'
import type { CustomerList } from './list.ts'
import { notPublished } from './refusals.ts'
import type { Rulebook } from './rulebook.ts'
import { listingSchema } from './schema.ts'
import { tell, unitsOf } from './tell.ts'
import type { Telling } from './telling.ts'

declare global {
  interface PatronkitEvents {
    'segments.enlisted': { readonly source: string; readonly customer: string; readonly list: string }
    'segments.delisted': { readonly source: string; readonly customer: string; readonly list: string }
  }
}

/** Customers who go on a list or off it, up to 1,000 a call. */
export interface Listing {
  readonly list: string
  readonly customers: readonly { readonly id: string }[]
  /** When. Default: the clock. */
  readonly at?: Instant
}

/** How many are on the list now that were not, or the other way round. */
export interface Listed {
  readonly changed: number
}

export function* changeList(book: Rulebook, ctx: Context, how: 'enlist' | 'delist', i: Listing): Operation<Listed> {
  const { list, customers, at } = parse(listingSchema, i, how)
  const ids = [...new Set(customers.map(({ id }) => id))]
  const source = yield* sourceOfList(book, ctx, list)
  const asked = ids.map((customer) => ({ ref: { source, customer }, factIds: [] }))
  const { stored, shelf } = yield* readWithOwners(book, ctx, asked)
  const tellings = stored.flatMap((one): readonly Telling[] => {
    const isOn = one.state?.lists.includes(list) ?? false
    if (isOn === (how === 'enlist')) return []
    const when = at ?? nowFor(ctx, one.head)
    const told = [{ at: when, cause: `list/${list}`, [how]: list }]
    const data = { source, customer: one.ref.customer, list }
    return [{ stored: one, told, events: [{ type: `segments.${how}ed`, v: 1, at: Math.min(when, nowFor(ctx, one.head)), data }] }]
  })
  yield* commit(unitsOf(yield* tell(ctx, shelf, tellings), () => true))
  return { changed: tellings.length }
}

function* sourceOfList(book: Rulebook, ctx: Context, list: string): Operation<string> {
  const shelf = yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
  const found = shelf.definitions.findLast(({ kind, id }) => kind === 'segment-list' && id === list)
  if (!found) throw notPublished('segment-list', list)
  return (found.body as CustomerList).source
}
