import type { Instant, Scalar } from '@patronkit/core'
import { compareText, toMs } from '@patronkit/core/service'
import { distinct, listOf } from '../checks.ts'
import { type Exact as Decimal, exact } from '../exact.ts'

/** One thing that was measured. */
export interface Measurement {
  readonly id: string
  readonly at: Instant
  /** What was measured, such as `order.total`; metrics name it. */
  readonly name: string
  readonly value: string | number
  /** Whom it is about: a customer, a team, an account. */
  readonly subject?: string
  /** What it can be told apart by, as it was at the time: region, product, channel. */
  readonly dimensions?: { readonly [name: string]: Scalar }
}

/** A measurement read in. */
export interface Row {
  readonly id: string
  readonly at: number
  readonly name: string
  readonly value: Decimal
  readonly subject: string
  readonly dimensions: { readonly [name: string]: Scalar }
}

/** Measurements by name, in order of time. */
export type Measurements = ReadonlyMap<string, readonly Row[]>

const NONE: { readonly [name: string]: Scalar } = Object.freeze({})

/** Checks measurements and sorts them once, for any number of questions. An id stands once. */
export function readMeasurements(i: { readonly rows: readonly Measurement[] }): Measurements {
  const rows = listOf(i.rows, 'rows', 0) as readonly Measurement[]
  const ids = new Set<string>()
  const byName = new Map<string, Row[]>()
  rows.forEach((row, at) => {
    if (typeof row.id !== 'string' || ids.has(row.id)) distinct([...ids, row.id], 'rows')
    ids.add(row.id)
    const { id, name, subject = '', dimensions = NONE } = row
    const read: Row = { id, name, subject, dimensions, at: toMs(row.at, `rows.${at}.at`), value: exact(row.value, `rows.${at}.value`) }
    const mine = byName.get(name)
    if (mine) mine.push(read)
    else byName.set(name, [read])
  })
  for (const mine of byName.values()) mine.sort((a, b) => a.at - b.at || compareText(a.id, b.id))
  return byName
}

/** The rows of [from, to), found by halving. */
export function between(rows: readonly Row[], from: number, to: number): readonly Row[] {
  return rows.slice(firstAt(rows, from), firstAt(rows, to))
}

function firstAt(rows: readonly Row[], at: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}
