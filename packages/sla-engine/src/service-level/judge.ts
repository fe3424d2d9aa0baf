import type { Instant, Money } from '@patronkit/core'
import { holds, toMs, valueAt } from '@patronkit/core/service'
import { type Period, periodsOf } from '../figures/period.ts'
import type { ItemRef } from '../model.ts'
import { DEFAULT_AGREEMENT } from '../policy.ts'
import { type Cells, cellsOf } from '../report/cells.ts'
import { type CountedItem, outcomeOf, overMsOf } from '../report/counted.ts'
import { type DimensionValue, readerOf } from '../report/dimension.ts'
import { bandOf, creditOf, isBelow, shareText } from './credit.ts'
import { excluder } from './exclusions.ts'
import type { ServiceLevel, ServiceLevelDefinition } from './model.ts'

/**
 * `kept` and `broken` are final once the period is over and nothing of it is open; before, they say how it stands (`final`).
 * `too-few`: fewer judged clocks than agreed. `nothing`: none at all.
 */
export type Verdict = 'kept' | 'broken' | 'too-few' | 'nothing'

/** How a promise stands over some clocks. */
export interface Standing {
  readonly met: number
  readonly breached: number
  readonly open: number
  /** met of met and breached as a decimal text, cut after six digits; null where nothing is judged. */
  readonly share: string | null
  readonly verdict: Verdict
  /** The share of the fee that is paid back; null where none is. */
  readonly band: { readonly below: string; readonly credit: string } | null
  readonly credit: Money | null
}

/** A clock that was broken. */
export interface Broken {
  readonly item: ItemRef
  readonly cycle: number
  readonly policy: { readonly id: string; readonly version: number }
  readonly overMs: number
  /** The agreed exclusion that takes it out; null where it counts. */
  readonly excludedBy: string | null
}

/** One period of one customer, or of all where the promise has no `per`. */
export interface Judgement {
  readonly serviceLevel: string
  readonly promised: string
  readonly period: { readonly name: string; readonly from: Date; readonly to: Date }
  /** The value of the promise's `per`; null without one. */
  readonly of: DimensionValue
  /** With the agreed exclusions: this is what counts. */
  readonly agreed: Standing
  /** As if nothing had been excluded. */
  readonly withoutExclusions: Standing
  /** How many clocks each exclusion took out. */
  readonly excluded: { readonly [exclusion: string]: number }
  /** The period is over and none of its clocks is open. */
  readonly final: boolean
  /** The broken clocks, the furthest over first. */
  readonly broken: readonly Broken[]
}

/** Takes items one by one and says how the promise stands, period by period. */
export interface ServiceLevelCount {
  add(item: CountedItem): void
  judgements(): readonly Judgement[]
}

interface Tally {
  met: number
  breached: number
  open: number
}

interface Cell {
  readonly agreed: Tally
  readonly all: Tally
  readonly excluded: Map<string, number>
  readonly broken: Broken[]
}

/**
 * Judges a promise over all items that are added, as of the instant they were read at. `fee` answers what a customer pays for a
 * period; without it, or where it answers null, no money is named.
 *
 * @example
 * ```ts
 * import { defineServiceLevel, judgeServiceLevel } from '@patronkit/sla-engine/service-level'
 *
 * const level = defineServiceLevel({ id: 'reply', metric: 'first-reply', share: '0.9', period: 'month', zone: 'Europe/Rome',
 *   credits: { bands: [{ below: '0.9', credit: '0.05' }] } })
 * const count = judgeServiceLevel({ serviceLevel: level, asOf: '2026-04-01T00:00:00Z', fee: () => ({ amount: '1200.00', currency: 'EUR' }) })
 * for (const { period, agreed } of count.judgements()) console.log(period.name, agreed.share, agreed.verdict, agreed.credit)
 * ```
 */
export function judgeServiceLevel(i: {
  readonly serviceLevel: ServiceLevelDefinition
  readonly asOf: Instant
  readonly fee?: (of: { readonly of: DimensionValue; readonly period: string }) => Money | null
}): ServiceLevelCount {
  const { body: level, id } = i.serviceLevel
  const asOf = toMs(i.asOf, 'asOf')
  const periodOf = periodsOf(level.zone, level.period)
  const perValue = level.per === undefined ? () => null : readerOf({ attribute: level.per }, level.zone)
  const exclusionOf = excluder(level.exclusions ?? [], asOf)
  const periods = new Map<string, Period>()
  const cells: Cells<Cell> = cellsOf(newCell)

  function add(item: CountedItem): void {
    if (level.when && !holds(level.when, (path) => valueAt(item.attributes, path))) return
    for (const clock of item.clocks) {
      if (clock.metric !== level.metric || clock.agreement !== (level.agreement ?? DEFAULT_AGREEMENT)) continue
      const outcome = outcomeOf(clock)
      const at = level.of === 'decided' ? (clock.breachedAt ?? clock.stoppedAt) : item.openedAt
      if (outcome === 'excluded' || !at) continue
      const period = periodOf(at.getTime())
      periods.set(period.name, period)
      const cell = cells.at([period.name, perValue(item, clock)])
      const excludedBy = exclusionOf(item, clock)
      cell.all[outcome]++
      if (excludedBy === null) cell.agreed[outcome]++
      else cell.excluded.set(excludedBy, (cell.excluded.get(excludedBy) ?? 0) + 1)
      if (outcome === 'breached') {
        cell.broken.push({ item: item.item, cycle: clock.cycle, policy: clock.policy, overMs: overMsOf(clock), excludedBy })
      }
    }
  }

  function judgements(): readonly Judgement[] {
    return cells.all().map(([[name, of], cell]) => {
      const period = periods.get(name as string)!
      const fee = i.fee?.({ of: of!, period: period.name }) ?? null
      return {
        serviceLevel: id,
        promised: level.share,
        period: { name: period.name, from: new Date(period.from), to: new Date(period.to) },
        of: of!,
        agreed: standingOf(cell.agreed, level, fee),
        withoutExclusions: standingOf(cell.all, level, fee),
        excluded: Object.fromEntries([...cell.excluded].sort(([a], [b]) => (a < b ? -1 : 1))),
        final: period.to <= asOf && cell.agreed.open === 0,
        broken: cell.broken.toSorted((a, b) => b.overMs - a.overMs || (a.item.id < b.item.id ? -1 : 1)),
      }
    })
  }

  return { add, judgements }
}

const newCell = (): Cell => ({
  agreed: { met: 0, breached: 0, open: 0 },
  all: { met: 0, breached: 0, open: 0 },
  excluded: new Map(),
  broken: [],
})

function standingOf({ met, breached, open }: Tally, level: ServiceLevel<string>, fee: Money | null): Standing {
  const judged = met + breached
  const verdict = verdictOf(met, judged, level)
  const band = verdict === 'broken' ? bandOf(level.credits, met, judged) : null
  return {
    met,
    breached,
    open,
    share: judged === 0 ? null : shareText(met, judged),
    verdict,
    band,
    credit: fee && band ? creditOf(fee, band.credit, level.credits?.rounding) : null,
  }
}

function verdictOf(met: number, judged: number, { share, leastClocks = 1 }: ServiceLevel<string>): Verdict {
  if (judged === 0) return 'nothing'
  if (judged < leastClocks) return 'too-few'
  return isBelow(met, judged, share) ? 'broken' : 'kept'
}
