import {
  all,
  behind,
  brokenAt,
  type Context,
  cursorAt,
  eventsOf,
  fold,
  list,
  type Operation,
  read,
  type StoredEvent,
  type SubjectHead,
} from '@patronkit/core/service'
import { CODES, type CodesIssued, codeHash } from './codes.ts'
import { codes } from './tables.ts'
import { type Anchored, type Broken, eachPage, NOBODYS, PAGE, wrong } from './walk.ts'

/** An event of 1,000 codes has 70 kB. */
const EVENTS = 50
/** So many codes are held against the events at once. */
const AT_ONCE = 100_000

/** Under which name the codes of an offer stand among the leaves of a root: behind all accounts, whose names never begin so. */
export const codeLeaf = (subject: string): string => `~codes/${subject}`
export const isCodeLeaf = (leaf: string): boolean => leaf.startsWith(codeLeaf(''))

/** Holds the codes that were given out against the chains that say so: the first that was altered, put in or left out. */
export function* codesBroken(ctx: Context, anchored: Anchored): Operation<Broken | null> {
  const chains: SubjectHead[] = []
  const broken = yield* eachPage(ctx, CODES, function* (page) {
    chains.push(...page)
    for (const chain of page) {
      const found = yield* chainBroken(ctx, chain, anchored.get(codeLeaf(chain.subject)))
      if (found) return found
    }
    return null
  })
  if (broken) return broken
  const there = new Set(chains.map(({ subject }) => codeLeaf(subject)))
  const gone = [...anchored.keys()].find((leaf) => isCodeLeaf(leaf) && !there.has(leaf))
  if (gone !== undefined) return wrong(NOBODYS, 'the codes were anchored and their chain is gone', { row: gone })
  const [[rows]] = yield* read(ctx, fold(codes, { where: all(), limit: 1 }))
  const parts = Math.max(1, Math.ceil(rows!.count / AT_ONCE))
  for (let part = 0; part < parts; part++) {
    const found = yield* partBroken(ctx, chains, (hash) => Number.parseInt(hash.slice(0, 8), 16) % parts === part)
    if (found) return found
  }
  return null
}

/** The events of an offer's codes, some at a time, until a visit answers something. */
function* eachEvents<T>(ctx: Context, subject: string, visit: (page: readonly StoredEvent[]) => T | null): Operation<T | null> {
  for (let after = 0; ; after += EVENTS) {
    const [page] = yield* read(ctx, eventsOf(CODES, subject, { after, limit: EVENTS }))
    const found = visit(page)
    if (found !== null || page.length < EVENTS) return found
  }
}

function* chainBroken(
  ctx: Context,
  { subject, head }: SubjectHead,
  leaf: { readonly seq: number; readonly chain: string } | undefined,
): Operation<Broken | null> {
  const off = (event: number, message = 'the event is not the one that was written') =>
    wrong(NOBODYS, message, { event, row: codeLeaf(subject) })
  let end = { seq: 0, chain: '', lastAt: 0 }
  let anchored = leaf === undefined
  const broken = yield* eachEvents(ctx, subject, (page) => {
    const last = page.at(-1)
    const to = last ? { seq: last.seq, chain: last.hash, lastAt: last.recordedAt } : end
    const at = brokenAt(page, to, end)
    if (at !== null) return off(at)
    const silent = page.find(({ body }) => body === null)
    if (silent) return off(silent.seq, 'the body of the event is gone')
    anchored ||= page.some(({ seq, hash }) => seq === leaf!.seq && hash === leaf!.chain)
    end = to
    return null
  })
  if (broken) return broken
  if (end.seq !== head.seq || end.chain !== head.chain || end.lastAt !== head.lastAt) return off(end.seq + 1)
  return anchored ? null : off(leaf!.seq, 'the chain is not the one that was anchored')
}

/** Holds one part of all codes against the events. */
function* partBroken(ctx: Context, chains: readonly SubjectHead[], isIn: (hash: string) => boolean): Operation<Broken | null> {
  const issued = new Map<string, { readonly subject: string; readonly event: number }>()
  for (const { subject } of chains) {
    yield* eachEvents(ctx, subject, (page) => {
      for (const { seq, body } of page) {
        const told = JSON.parse(body!) as CodesIssued
        for (const hash of told.codes) if (isIn(hash)) issued.set(hash, { subject, event: seq })
      }
      return null
    })
  }
  const order = ['programme', 'code']
  for (let cursor: string | undefined; ; ) {
    const [page] = yield* read(ctx, list(codes, { where: behind(order, cursor), order, limit: PAGE }))
    for (const row of page) {
      const hash = codeHash(row)
      if (!isIn(hash) || issued.delete(hash)) continue
      return wrong({ programme: row.programme, account: '' }, 'no event gave this code out', {
        row: `loyalty_code ${row.programme} ${row.code}`,
      })
    }
    if (page.length < PAGE) break
    cursor = cursorAt(order, page.at(-1)!)
  }
  const [lost] = issued.values()
  return lost === undefined
    ? null
    : wrong(NOBODYS, 'a code that the event gave out is gone', { event: lost.event, row: codeLeaf(lost.subject) })
}
