import { changeOf } from './ledger.ts'
import type { LoyaltyEvent } from './model.ts'

/** An event and when it was written down. `event.at` is when it was true. */
export interface Recorded {
  readonly event: LoyaltyEvent
  readonly recordedAt: number
}

/** One line of a statement. */
export interface StatementLine {
  readonly at: number
  readonly recordedAt: number
  readonly type: LoyaltyEvent['type']
  readonly points: number
}

/** Points over a period: opening + corrections + movements = closing. All instants are epoch ms, periods half-open. */
export interface Statement {
  readonly currency: string
  readonly from: number
  readonly to: number
  readonly opening: number
  /** True before the period and written down after the period before was closed. */
  readonly corrections: readonly StatementLine[]
  readonly movements: readonly StatementLine[]
  readonly closing: number
}

/** Points that were there at an instant, as they were known at another: by what had happened, not by what had arrived. */
export function pointsAt(
  recorded: readonly Recorded[],
  currency: string,
  asOf: number,
  knownAt: number = Number.POSITIVE_INFINITY,
): number {
  return recorded.reduce(
    (sum, { event, recordedAt }) => (event.at <= asOf && recordedAt <= knownAt ? sum + changeOf(event, currency) : sum),
    0,
  )
}

/**
 * A statement over [from, to), as known when it is closed. A statement once closed never changes: what arrives later with an
 * earlier date stands in the next one as a correction. Pass time up to `to` first, so that what expired is on it.
 */
export function statement(
  recorded: readonly Recorded[],
  i: { readonly currency: string; readonly from: number; readonly to: number; readonly closedBefore: number; readonly closedAt: number },
): Statement {
  const known = recorded.filter((one) => one.recordedAt <= i.closedAt)
  const lines = known
    .map(({ event, recordedAt }): StatementLine => ({ at: event.at, recordedAt, type: event.type, points: changeOf(event, i.currency) }))
    .filter((line) => line.points !== 0)
  const isBefore = (line: StatementLine) => line.at < i.from
  const corrections = lines.filter((line) => isBefore(line) && line.recordedAt > i.closedBefore)
  const opening = sumOf(lines.filter((line) => isBefore(line) && line.recordedAt <= i.closedBefore))
  const movements = lines.filter((line) => line.at >= i.from && line.at < i.to).sort((a, b) => a.at - b.at)
  const { currency, from, to } = i
  return { currency, from, to, opening, corrections, movements, closing: opening + sumOf(corrections) + sumOf(movements) }
}

const sumOf = (lines: readonly StatementLine[]): number => lines.reduce((sum, line) => sum + line.points, 0)
