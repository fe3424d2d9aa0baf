import { type Context, type Operation, read, type SubjectHead, subjectsAfter } from '@patronkit/core/service'
import { type Owner, ownerOf } from './rows.ts'

/**
 * What the books say that is not so, and the event (from 1) or the row that says it. `account` is empty for what no one account has,
 * such as the budget of a campaign.
 */
export interface Broken {
  readonly programme: string
  readonly account: string
  readonly event: number | null
  readonly row: string | null
  readonly message: string
}

export const NOBODYS: Owner = { programme: '', account: '' }

export const wrong = (owner: Owner, message: string, at: { readonly event?: number; readonly row?: string } = {}): Broken => ({
  ...ownerOf(owner),
  event: at.event ?? null,
  row: at.row ?? null,
  message,
})

export const PAGE = 500

/** Where a chain had come when a root was made, by the name of its leaf. */
export type Anchored = ReadonlyMap<string, { readonly seq: number; readonly chain: string }>

/** Every subject of a kind that the tenant has, with its head, page by page, until a visit answers something. */
export function* eachPage<T>(
  ctx: Context,
  kind: string,
  visit: (page: readonly SubjectHead[]) => Operation<T | null>,
): Operation<T | null> {
  for (let after = { kind, subject: '' }; ; ) {
    const [page] = yield* read(ctx, subjectsAfter(after, PAGE))
    const ours = page.filter((one) => one.kind === kind)
    const found = ours.length > 0 ? yield* visit(ours) : null
    if (found !== null || ours.length < PAGE) return found
    after = ours.at(-1)!
  }
}
