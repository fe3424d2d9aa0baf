import type { Pred } from '@patronkit/core'
import { holds, parse, predSchema, valueAt } from '@patronkit/core/service'
import { z } from 'zod'
import { inOrder, type PercentileMethod, percentileOf } from '../figures/percentile.ts'
import { cellsOf } from './cells.ts'
import { type CountedItem, outcomeOf, overMsOf } from './counted.ts'
import { type Dimension, type DimensionValue, nameOf, readerOf } from './dimension.ts'
import { dimension, method, word, zone } from './schema.ts'

/** What a report counts, and by what. */
export interface AttainmentQuestion {
  /** Default: one figure for everything. */
  readonly by?: readonly Dimension[]
  /** The zone of local days, weeks, months, quarters and years. Default UTC. */
  readonly zone?: string
  /** Percentiles of the time that stopped clocks counted. Default 50 and 90. */
  readonly percentiles?: readonly number[]
  /** Default `nearest-rank`. */
  readonly method?: PercentileMethod
  /** Only items whose attributes fulfil this. */
  readonly when?: Pred
  /** Items whose attributes fulfil this count as excluded, whatever their clocks say. */
  readonly exclude?: Pred
  readonly metrics?: readonly string[]
  readonly agreements?: readonly string[]
}

export interface Attainment {
  /** met + breached + open + excluded */
  readonly clocks: number
  readonly met: number
  readonly breached: number
  readonly open: number
  readonly excluded: number
  /** met of met and breached; null where nothing is judged. */
  readonly share: number | null
  /** The time over target of all breached clocks together, in ms of what they count. */
  readonly overMs: number
  /** Counted ms of stopped clocks, by name: `p50`, `p90`. */
  readonly percentiles: { readonly [name: string]: number | null }
}

export interface AttainmentReport {
  readonly by: readonly string[]
  readonly zone: string
  readonly method: PercentileMethod
  readonly total: Attainment
  /** One row for each combination of values that occurs, in order; `of` has a value for each dimension. */
  readonly rows: readonly (Attainment & { readonly of: readonly DimensionValue[] })[]
}

/** Takes items one by one; memory grows with the clocks that stopped, one number each. */
export interface AttainmentCount {
  add(item: CountedItem): void
  report(): AttainmentReport
}

interface Cell {
  met: number
  breached: number
  open: number
  excluded: number
  overMs: number
  readonly worked: number[]
}

const question = z.strictObject({
  by: z.array(dimension).max(8).optional(),
  zone: zone.optional(),
  percentiles: z.array(z.number().gt(0).max(100)).max(20).optional(),
  method: method.optional(),
  when: predSchema.optional(),
  exclude: predSchema.optional(),
  metrics: z.array(word).max(100).optional(),
  agreements: z.array(word).max(100).optional(),
})

/**
 * Counts clocks as items come in, page by page.
 *
 * @example
 * ```ts
 * import { countAttainment } from '@patronkit/sla-engine/report'
 *
 * const count = countAttainment({ by: ['metric', { attribute: 'priority' }, { period: 'month', of: 'opened' }], zone: 'Europe/Rome' })
 * // for each page of sla.items(…): page.rows.forEach(count.add)
 * const { total, rows } = count.report()
 * console.log(total.share, rows[0]?.of, rows[0]?.percentiles.p90)
 * ```
 */
export function countAttainment(i: AttainmentQuestion = {}): AttainmentCount {
  const asked = parse(question, i, 'attainment')
  const { by = [], zone: zoneName = 'UTC', percentiles = [50, 90], method: how = 'nearest-rank', when, exclude } = asked
  const readers = by.map((one) => readerOf(one, zoneName))
  const metrics = asked.metrics && new Set(asked.metrics)
  const agreements = asked.agreements && new Set(asked.agreements)
  const cells = cellsOf(newCell)
  const values: DimensionValue[] = by.map(() => null)

  function add(item: CountedItem): void {
    const get = (path: string) => valueAt(item.attributes, path)
    if (when && !holds(when, get)) return
    const left = exclude !== undefined && holds(exclude, get)
    for (const clock of item.clocks) {
      if ((metrics && !metrics.has(clock.metric)) || (agreements && !agreements.has(clock.agreement))) continue
      for (let d = 0; d < readers.length; d++) values[d] = readers[d]!(item, clock)
      const cell = cells.at(values)
      const outcome = left ? 'excluded' : outcomeOf(clock)
      cell[outcome]++
      if (outcome === 'breached') cell.overMs += overMsOf(clock)
      if (clock.stoppedAt !== null && clock.state !== 'cancelled' && !left) cell.worked.push(clock.workedMs)
    }
  }

  function report(): AttainmentReport {
    const made = cells.all()
    const say = (cell: Cell) => attainmentOf(cell, percentiles, how)
    return {
      by: by.map(nameOf),
      zone: zoneName,
      method: how,
      total: say(sumOf(made.map(([, cell]) => cell))),
      rows: by.length === 0 ? [] : made.map(([of, cell]) => ({ of, ...say(cell) })),
    }
  }

  return { add, report }
}

const newCell = (): Cell => ({ met: 0, breached: 0, open: 0, excluded: 0, overMs: 0, worked: [] })

function sumOf(cells: readonly Cell[]): Cell {
  const sum = { ...newCell(), worked: cells.flatMap((cell) => cell.worked) }
  for (const cell of cells) for (const name of ['met', 'breached', 'open', 'excluded', 'overMs'] as const) sum[name] += cell[name]
  return sum
}

function attainmentOf(cell: Cell, percentiles: readonly number[], how: PercentileMethod): Attainment {
  const { met, breached, open, excluded, overMs } = cell
  const sorted = inOrder(cell.worked)
  return {
    clocks: met + breached + open + excluded,
    met,
    breached,
    open,
    excluded,
    share: met + breached === 0 ? null : met / (met + breached),
    overMs,
    percentiles: Object.fromEntries(percentiles.map((p) => [`p${p}`, percentileOf(sorted, p, how)])),
  }
}
