import { type Context, eventsOf, get, type Operation, read } from '@patronkit/core/service'
import { NOTHING, type Takes, type Taking } from './command.ts'
import type { Programme } from './programme.ts'
import { refusal } from './refusals.ts'
import type { Checked } from './requests.ts'
import { type Owner, ownerOf, SUBJECT, subjectOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import type { Why } from './save.ts'
import { codes, codeUses, postings, stock } from './tables.ts'

const unavailable = (offer: string, why: 'sold-out' | 'code-unknown' | 'code-used' | 'unknown') =>
  refusal({ code: 'loyalty/offer-unavailable', details: { offer, why } })

const rewardIn = ({ rewards }: Programme, id: string | undefined) => rewards?.find((one) => one.id === id)

/** One piece of a limited thing. What ran out is refused; what runs out at this very moment is decided anew. */
function* oneOf(ctx: Context, programme: string, item: string, most: number | undefined): Operation<Takes> {
  if (most === undefined) return NOTHING
  const key = { programme, item }
  const [row] = yield* read(ctx, get(stock, key))
  if ((row?.taken ?? 0) >= most) throw unavailable(item, 'sold-out')
  return { adds: [{ table: stock, key, column: 'taken', by: 1, max: most }], unique: [], took: { stock: [{ item, by: 1 }] } }
}

/** What a reward takes: one of its stock. */
export function* rewardTakes(ctx: Context, i: Checked<'redeem'>, _: string, { loaded: { rules } }: Taking): Operation<Takes> {
  const reward = rewardIn(rules.programme, i.reward)
  return reward ? yield* oneOf(ctx, i.programme, `reward/${reward.id}`, reward.stock) : NOTHING
}

/** A reward whose points came back whole stands on the shelf again, whether it was reversed or its order was refunded. */
export function* rewardsBack(ctx: Context, _: unknown, __: string, { book, loaded, accepted }: Taking): Operation<Takes> {
  const before = loaded.state?.spends ?? {}
  const whole = Object.values(accepted.state.spends).filter(({ id, back, points }) => back === points && before[id]!.back < points)
  const items = new Map<string, number>()
  for (const { id } of whole) {
    for (const item of yield* countedIn(ctx, book, loaded.owner, id)) items.set(item, (items.get(item) ?? 0) - 1)
  }
  if (items.size === 0) return NOTHING
  const { programme } = loaded.owner
  return {
    adds: [...items].map(([item, by]) => ({ table: stock, key: { programme, item }, column: 'taken', by, min: 0 })),
    unique: [],
    took: { stock: [...items].map(([item, by]) => ({ item, by })) },
  }
}

/** The limited reward of a spend, if it was one: that says the event that spent it and the programme of its day. */
function* countedIn(ctx: Context, book: Rulebook, owner: Owner, posting: string): Operation<readonly string[]> {
  const [made] = yield* read(ctx, get(postings, { posting, ...ownerOf(owner) }))
  if (!made) return []
  const [[spent]] = yield* read(ctx, eventsOf(SUBJECT, subjectOf(owner), { after: made.seq - 1, limit: 1 }))
  if (spent?.type !== 'loyalty.spent' || spent.body === null) return []
  const { reward, why } = JSON.parse(spent.body) as { readonly reward: string | null; readonly why: Why }
  if (reward === null) return []
  const { programme } = yield* book.pinned(ctx, why.programme)
  return rewardIn(programme, reward)?.stock === undefined ? [] : [`reward/${reward}`]
}

/** What an offer takes: one of its stock, and the code, which is then used for ever. */
export function* offerTakes(ctx: Context, i: Checked<'claim'>, posting: string, { loaded: { rules } }: Taking): Operation<Takes> {
  const { programme, code } = i
  const offer = rules.programme.offers?.find((one) => one.id === i.offer)
  const one = yield* oneOf(ctx, programme, `offer/${i.offer}`, offer?.stock)
  if (code === undefined) return one
  const [known, used] = yield* read(ctx, get(codes, { programme, code }), get(codeUses, { programme, code }))
  if (known?.offer !== i.offer) throw unavailable(i.offer, 'code-unknown')
  if (used) throw unavailable(i.offer, 'code-used')
  return { ...one, unique: [{ table: codeUses, row: { programme, code, posting } }], took: { ...one.took, code } }
}
