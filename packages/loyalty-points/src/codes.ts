import { PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  field,
  type Happened,
  headOf,
  type Json,
  list,
  nowFor,
  type Operation,
  once,
  sha256Hex,
  type Unique,
  unitOn,
} from '@patronkit/core/service'
import type { Checked } from './requests.ts'
import { codes } from './tables.ts'

/** The codes of an offer are one subject: its chain says which were given out. */
export const CODES = 'loyalty-codes'

/** Codes were given out. Whoever holds one may claim with it, so consumers hear only what each comes to. */
export interface CodesIssued {
  readonly programme: string
  readonly offer: string
  readonly codes: readonly string[]
}

declare global {
  interface PatronkitEvents {
    'loyalty.codes-issued': CodesIssued
  }
}

/** What a code comes to in the event that gave it out. */
export const codeHash = (i: { readonly programme: string; readonly offer: string; readonly code: string }): string =>
  sha256Hex(JSON.stringify([i.programme, i.offer, i.code]))

/** Keeps codes that are given out for an offer. Each stands for one claim. */
export function* issueCodes(ctx: Context, i: Checked<'issueCodes'>): Operation<{ readonly issued: number }> {
  const { idempotencyKey, ...content } = i
  const { programme, offer } = i
  const command = { command: 'loyalty.issueCodes', idempotencyKey, content: content as { readonly [field: string]: Json | undefined } }
  const subject = `${programme}/${offer}`
  const there = list(codes, { where: all(field('programme').eq(programme), field('code').in(i.codes)), limit: i.codes.length })
  // in one snapshot with the key: codes that are there were given out by somebody else
  const reads = [there, headOf(CODES, subject)] as const
  const kept = yield* once<Json, typeof reads>(ctx, { ...command, reads }, function* ([known, head]) {
    const twice = known[0]?.code ?? i.codes.find((code, n) => i.codes.indexOf(code) !== n)
    if (twice !== undefined) throw codeExists(twice)
    const data: CodesIssued = { programme, offer, codes: i.codes.map((code) => codeHash({ programme, offer, code })) }
    const issued = { type: 'loyalty.codes-issued', v: 1, at: nowFor(ctx, head), data } as unknown as Happened
    const unit = unitOn(ctx, { kind: CODES, subject, head, events: [issued], writes: [] })
    const unique = i.codes.map((code): Unique => ({ table: codes, row: { programme, code, offer } }))
    return { units: [{ ...unit, unique }], answer: { issued: i.codes.length } }
  })
  return kept as { readonly issued: number }
}

const codeExists = (code: string) =>
  new PatronkitError({
    code: 'core/invalid-input',
    message: `codes: ${code} was given out before, or stands twice. Give each code once; nothing was written.`,
    details: { issues: [{ path: 'codes', message: `${code} was given out before, or stands twice` }] },
  })
