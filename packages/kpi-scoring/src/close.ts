import { PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  canonicalJson,
  field,
  type Head,
  headOf,
  list,
  nowFor,
  type Operation,
  once,
  type RowOf,
  read,
  sha256Hex,
  toIso,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { aimsOf, assess, assessMany, hasData, reachOfCard, type ScoreDocument, sealed, UNKNOWN } from './assess.ts'
import { periodNamed } from './metrics/calendar.ts'
import { behindSubject, everyone, readKnown, type TargetRow, targetKey } from './rows.ts'
import type { Pins, Rulebook, Rules } from './rulebook.ts'
import { asJson, type CloseInput } from './schema.ts'
import { periods, scores, targets } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'kpi.period-closed': {
      readonly scorecard: string
      readonly period: string
      readonly revision: number
      readonly people: number
      readonly hash: string
      readonly pins: Pins
    }
  }
}

/** A closed period: which revision it is, by what it was worked out, and the hash over all its scores. */
export interface ClosedPeriod {
  readonly scorecard: string
  readonly period: string
  readonly revision: number
  /** How many were scored. */
  readonly people: number
  /** Over the versions that were used and over each subject's score. */
  readonly hash: string
  readonly from: Date
  readonly to: Date
  readonly closedAt: Date
  readonly pins: Pins
}

/** A replay: everything worked out anew from pinned versions and from what was known at the close. */
export interface Replay {
  readonly scorecard: string
  readonly period: string
  readonly revision: number
  readonly people: number
  readonly storedHash: string
  readonly hash: string
  /** Whether every score came out byte for byte as it was stored. */
  readonly same: boolean
  /** Those that did not, or whose measurements are gone. */
  readonly differs: readonly string[]
}

export const PERIOD = 'kpi-period'
/** A period's name has no slash, so the two parts of a subject can be told apart. */
export const periodSubject = (scorecard: string, period: string): string => `${period}/${scorecard}`

/** Subjects that are worked out at a time; their measurements are in memory together. */
const CHUNK = 200
const MOST_PEOPLE = 20_000

type PeriodRow = RowOf<typeof periods>
export type ScoreRow = RowOf<typeof scores>

/** One subject's score on its way to the store. */
interface Scored {
  readonly document: ScoreDocument
  readonly upTo: number
}

export function* closePeriod(book: Rulebook, ctx: Context, i: CloseInput): Operation<ClosedPeriod> {
  const { idempotencyKey, scorecard, period, subjects, revises } = i
  const content = { scorecard, period, subjects: subjects && [...subjects], revises }
  const answer = yield* once(ctx, { command: 'kpi.closePeriod', idempotencyKey, content }, function* () {
    const { head, rules, scored, revision, ends } = yield* workedOut(book, ctx, i)
    const now = nowFor(ctx, head)
    if (now < ends) throw stillRunning(scorecard, period, ends)
    const row = periodRow(i, revision, rules, scored, now)
    const writes: Write[] = [{ write: 'insert', table: periods, row }, ...scored.map((one): Write => scoreWrite(i, revision, one))]
    const { hash, people } = row
    const events = [
      { type: 'kpi.period-closed', v: 1, at: now, data: asJson({ scorecard, period, revision, people, hash, pins: rules.pins }) },
    ]
    const unit = unitOn(ctx, { kind: PERIOD, subject: periodSubject(scorecard, period), head, events, writes })
    return { units: [unit], answer: asJson(row) }
  })
  return closedOf(answer as unknown as PeriodRow)
}

/** What closing the period now would come to; also before its end, to see where it is heading. */
export function* previewClose(book: Rulebook, ctx: Context, i: Omit<CloseInput, 'idempotencyKey'>): Operation<ClosedPeriod> {
  const { head, rules, scored, revision } = yield* workedOut(book, ctx, i)
  return closedOf(periodRow(i, revision, rules, scored, nowFor(ctx, head)))
}

function* workedOut(
  book: Rulebook,
  ctx: Context,
  i: Omit<CloseInput, 'idempotencyKey'>,
): Operation<{
  readonly head: Head
  readonly rules: Rules
  readonly scored: readonly Scored[]
  readonly revision: number
  readonly ends: number
}> {
  const { scorecard, period } = i
  const [head, before] = yield* read(ctx, headOf(PERIOD, periodSubject(scorecard, period)), revisionsOf(scorecard, period))
  const latest = before.at(-1)?.revision ?? 0
  if ((i.revises ?? 0) !== latest) throw otherRevision(scorecard, period, latest, i.revises)
  const rules = yield* book.forPeriod(ctx, scorecard, period)
  const ends = periodNamed({ calendar: rules.calendar, id: period }).to.getTime()
  return { head, rules, scored: yield* scoreEveryone(ctx, rules, period, i.subjects), revision: latest + 1, ends }
}

/** Those who are named; or else everyone for whom at least one measure has a value. */
function* scoreEveryone(ctx: Context, rules: Rules, period: string, named: readonly string[] | undefined): Operation<readonly Scored[]> {
  const scored: Scored[] = []
  if (named) {
    const ids = [...new Set(named)].sort()
    for (let at = 0; at < ids.length; at += CHUNK) {
      for (const one of yield* assessMany(ctx, rules, period, ids.slice(at, at + CHUNK))) scored.push(one)
    }
    return scored
  }
  for (let after: string | undefined; ; ) {
    const ids = yield* everyone(ctx, after, CHUNK)
    for (const one of yield* assessMany(ctx, rules, period, ids)) if (hasData(one.document)) scored.push(one)
    if (scored.length > MOST_PEOPLE) throw tooMany(scored.length)
    if (ids.length < CHUNK) return scored
    after = behindSubject(ids.at(-1)!)
  }
}

function periodRow(
  i: { readonly scorecard: string; readonly period: string },
  revision: number,
  rules: Rules,
  scored: readonly Scored[],
  now: number,
): PeriodRow {
  const { from, to } = periodNamed({ calendar: rules.calendar, id: i.period })
  const hashes = scored.map(({ document }) => ({ subject: document.subject, hash: sealed(document).hash }))
  return {
    scorecard: i.scorecard,
    period: i.period,
    revision,
    from_at: from.getTime(),
    to_at: to.getTime(),
    closed_at: now,
    pins: asJson(rules.pins),
    people: scored.length,
    hash: hashOf(rules.pins, hashes),
  }
}

/** Over hashes and not over the scores themselves, so that it can be checked after somebody's score was erased. */
function hashOf(pins: Pins, scored: readonly { readonly subject: string; readonly hash: string }[]): string {
  return sha256Hex([canonicalJson(pins), ...scored.map(({ subject, hash }) => `${hash} ${subject}`)].join('\n'))
}

function scoreWrite(i: { readonly scorecard: string; readonly period: string }, revision: number, { document, upTo }: Scored): Write {
  const { text, hash } = sealed(document)
  const { subject, value, band } = document
  const row = { scorecard: i.scorecard, period: i.period, revision, subject, value, band, document: text, hash, measurements: upTo }
  return { write: 'insert', table: scores, row }
}

export const closedOf = (row: PeriodRow): ClosedPeriod => ({
  scorecard: row.scorecard,
  period: row.period,
  revision: row.revision,
  people: row.people,
  hash: row.hash,
  from: new Date(row.from_at),
  to: new Date(row.to_at),
  closedAt: new Date(row.closed_at),
  pins: row.pins as unknown as Pins,
})

const MOST_REVISIONS = 10_000

export const revisionsOf = (scorecard: string, period: string | undefined) =>
  list(periods, {
    where: all(field('scorecard').eq(scorecard), ...(period === undefined ? [] : [field('period').eq(period)])),
    order: ['period', 'revision'],
    limit: MOST_REVISIONS,
  })

/** A closed revision; the latest where none is named, null where the period was never closed. */
export function* closedRevision(
  ctx: Context,
  scorecard: string,
  period: string,
  revision: number | undefined,
): Operation<PeriodRow | null> {
  const [rows] = yield* read(ctx, revisionsOf(scorecard, period))
  if (revision === undefined) return rows.at(-1) ?? null
  const found = rows.find((row) => row.revision === revision)
  if (found) return found
  throw noRevision(scorecard, period, revision, rows.length)
}

/**
 * Works a closed period out once more: by the versions pinned to it, from the measurements and targets known at its close. Nothing
 * that was published, recorded or set since has a part in it.
 */
export function* replay(
  book: Rulebook,
  ctx: Context,
  i: { readonly scorecard: string; readonly period: string; readonly revision?: number | undefined },
): Operation<Replay> {
  const closed = yield* closedRevision(ctx, i.scorecard, i.period, i.revision)
  if (!closed) throw noRevision(i.scorecard, i.period, 1, 0)
  const rules = yield* book.pinned(ctx, closed.pins as unknown as Pins)
  const hashes: { subject: string; hash: string }[] = []
  const differs: string[] = []
  const where = all(field('scorecard').eq(i.scorecard), field('period').eq(i.period), field('revision').eq(closed.revision))
  for (let after: string | undefined; ; ) {
    const behind = after === undefined ? where : all(where, field('subject').gt(after))
    const [rows] = yield* read(ctx, list(scores, { where: behind, order: ['subject'], limit: CHUNK }))
    for (const { row, document } of yield* again(ctx, rules, i.period, rows)) {
      const { text, hash } = sealed(document)
      hashes.push({ subject: row.subject, hash })
      if (row.document !== text || row.hash !== hash) differs.push(row.subject)
    }
    if (rows.length < CHUNK) break
    after = rows.at(-1)!.subject
  }
  const hash = hashOf(rules.pins, hashes)
  const { scorecard, period, revision, people, hash: storedHash } = closed
  return { scorecard, period, revision, people, storedHash, hash, same: differs.length === 0 && hash === storedHash, differs }
}

function* again(
  ctx: Context,
  rules: Rules,
  period: string,
  rows: readonly ScoreRow[],
): Operation<readonly { readonly row: ScoreRow; readonly document: ScoreDocument }[]> {
  const ids = rows.map(({ subject }) => subject)
  const upTo = new Map(rows.map((row) => [row.subject, row.measurements]))
  const known = yield* readKnown(ctx, ids, reachOfCard(rules, period), { upTo })
  const standing = yield* targetsThen(ctx, rows, period)
  return rows.map((row) => {
    const { measurements } = known.get(row.subject) ?? UNKNOWN
    return { row, document: assess(rules, period, row.subject, measurements, aimsOf(rules, row.subject, standing)) }
  })
}

/** The targets in the revisions that the scores were held against. */
function* targetsThen(ctx: Context, rows: readonly ScoreRow[], period: string): Operation<ReadonlyMap<string, TargetRow>> {
  const wanted = new Map<string, number>()
  for (const { subject, document } of rows) {
    const lines = document === null ? [] : (JSON.parse(document) as ScoreDocument).contributions
    for (const { metric, targetRevision } of lines) if (targetRevision !== undefined) wanted.set(targetKey(metric, subject), targetRevision)
  }
  if (wanted.size === 0) return new Map()
  const [found] = yield* read(
    ctx,
    list(targets, {
      where: all(field('subject').in(rows.map(({ subject }) => subject)), field('period').eq(period), field('cell').eq('')),
      limit: MOST_REVISIONS,
    }),
  )
  const then = found.filter((row) => wanted.get(targetKey(row.metric, row.subject)) === row.revision)
  return new Map(then.map((row) => [targetKey(row.metric, row.subject), row]))
}

const otherRevision = (scorecard: string, period: string, revision: number, revises: number | undefined) =>
  new PatronkitError({
    code: 'kpi/period-closed',
    message:
      revision === 0
        ? `${period} of ${scorecard} was never closed, so there is no revision ${revises} to revise. Leave \`revises\` out.`
        : `${period} of ${scorecard} stands closed in revision ${revision}. To close it anew, give revises: ${revision}; the old revision stays.`,
    details: { scorecard, period, revision },
  })

const stillRunning = (scorecard: string, period: string, ends: number) =>
  new PatronkitError({
    code: 'kpi/period-running',
    message: `${period} of ${scorecard} runs until ${toIso(ends)}. Close it from then on; preview.closePeriod says where it stands.`,
    details: { scorecard, period, ends: toIso(ends) },
  })

const noRevision = (scorecard: string, period: string, revision: number, revisions: number) =>
  new PatronkitError({
    code: 'kpi/not-closed',
    message: `${period} of ${scorecard} has no closed revision ${revision} (there are ${revisions}). Ask history for those that there are.`,
    details: { scorecard, period, revision },
  })

const tooMany = (people: number) =>
  new PatronkitError({
    code: 'kpi/too-many-people',
    message: `a period is closed for at most ${MOST_PEOPLE} subjects at once, and more than ${people - 1} have data. Name them in \`subjects\`, one scorecard for each part.`,
    details: { limit: MOST_PEOPLE },
  })
