import { PatronkitError } from '@patronkit/core'
import {
  type Context,
  eventsOf,
  all as every,
  field,
  get,
  type Json,
  list,
  type Operation,
  once,
  read,
  type Unique,
} from '@patronkit/core/service'
import { NOTHING, type Takes } from './command.ts'
import { type Loaded, SUBJECT, subjectOf } from './load.ts'
import { refusal } from './refusals.ts'
import type { Checked } from './requests.ts'
import { ownerOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import type { Why } from './save.ts'
import { codes, codeUses, postings, stock } from './tables.ts'

const unavailable = (offer: string, why: 'sold-out' | 'code-unknown' | 'code-used' | 'unknown') =>
  refusal({ code: 'loyalty/offer-unavailable', details: { offer, why } })

/** One piece of a limited thing. What ran out is refused; what runs out at this very moment is decided anew. */
function* oneOf(ctx: Context, programme: string, item: string, most: number | undefined): Operation<Takes['adds']> {
  if (most === undefined) return []
  const key = { programme, item }
  const [row] = yield* read(ctx, get(stock, key))
  if ((row?.taken ?? 0) >= most) throw unavailable(item, 'sold-out')
  return [{ table: stock, key, column: 'taken', by: 1, max: most }]
}

/** What a reward takes: one of its stock. */
export function* rewardTakes(ctx: Context, i: Checked<'redeem'>, _: string, { rules }: Loaded): Operation<Takes> {
  const reward = rules.programme.rewards?.find((one) => one.id === i.reward)
  return { adds: reward ? yield* oneOf(ctx, i.programme, `reward/${reward.id}`, reward.stock) : [], unique: [] }
}

/**
 * A reward that comes back whole stands on the shelf again. What it was, and whether it was counted, says the event that
 * spent it and the programme of its day.
 */
export function* rewardBack(
  ctx: Context,
  { posting, points }: Checked<'reverse'>,
  _: string,
  { owner, state }: Loaded,
  book: Rulebook,
): Operation<Takes> {
  const spend = state?.spends[posting]
  if (!spend || spend.back + (points ?? spend.points - spend.back) < spend.points) return NOTHING
  const [made] = yield* read(ctx, get(postings, { posting, ...ownerOf(owner) }))
  if (!made) return NOTHING
  const [[spent]] = yield* read(ctx, eventsOf(SUBJECT, subjectOf(owner), { after: made.seq - 1, limit: 1 }))
  if (spent?.type !== 'loyalty.spent' || spent.body === null) return NOTHING
  const { reward, why } = JSON.parse(spent.body) as { readonly reward: string | null; readonly why: Why }
  if (reward === null) return NOTHING
  const { programme } = yield* book.pinned(ctx, why.programme)
  if (programme.rewards?.find((one) => one.id === reward)?.stock === undefined) return NOTHING
  const key = { programme: owner.programme, item: `reward/${reward}` }
  return { adds: [{ table: stock, key, column: 'taken', by: -1, min: 0 }], unique: [] }
}

/** What an offer takes: one of its stock, and the code, which is then used for ever. */
export function* offerTakes(ctx: Context, i: Checked<'claim'>, posting: string, { rules }: Loaded): Operation<Takes> {
  const { programme, code } = i
  const offer = rules.programme.offers?.find((one) => one.id === i.offer)
  const adds = yield* oneOf(ctx, programme, `offer/${i.offer}`, offer?.stock)
  if (code === undefined) return { adds, unique: [] }
  const [known, used] = yield* read(ctx, get(codes, { programme, code }), get(codeUses, { programme, code }))
  if (known?.offer !== i.offer) throw unavailable(i.offer, 'code-unknown')
  if (used) throw unavailable(i.offer, 'code-used')
  return { adds, unique: [{ table: codeUses, row: { programme, code, posting } }] }
}

/** Keeps codes that are given out for an offer. Each stands for one claim. */
export function* issueCodes(ctx: Context, i: Checked<'issueCodes'>): Operation<{ readonly issued: number }> {
  const { idempotencyKey, ...content } = i
  const { programme, offer } = i
  const command = { command: 'loyalty.issueCodes', idempotencyKey, content: content as { readonly [field: string]: Json | undefined } }
  const kept = yield* once<Json>(ctx, command, function* () {
    const where = every(field('programme').eq(programme), field('code').in(i.codes))
    const [there] = yield* read(ctx, list(codes, { where, limit: i.codes.length }))
    const twice = there[0]?.code ?? i.codes.find((code, n) => i.codes.indexOf(code) !== n)
    if (twice !== undefined) throw codeExists(twice)
    const unique = i.codes.map((code): Unique => ({ table: codes, row: { programme, code, offer } }))
    return { units: [{ tenant: ctx.tenant, heads: [], unique, writes: [], events: [], timers: [] }], answer: { issued: i.codes.length } }
  })
  return kept as { readonly issued: number }
}

const codeExists = (code: string) =>
  new PatronkitError({
    code: 'core/invalid-input',
    message: `codes: ${code} was given out before, or stands twice. Give each code once; nothing was written.`,
    details: { issues: [{ path: 'codes', message: `${code} was given out before, or stands twice` }] },
  })
