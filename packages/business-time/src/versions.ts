import type { Instant, LocalDate } from '@patronkit/core'
import { DAY, toMs } from '@patronkit/core/service'
import { whereOpen } from './combine.ts'
import { type AnyCalendar, indexOf } from './compiled.ts'
import { compileSource } from './open-source.ts'
import { invalidInput } from './refusals.ts'
import { readLocalDate } from './wall.ts'
import type { WorkingCalendar } from './working-calendar.ts'
import { openZone } from './zone.ts'

/** A calendar and since when it counts: an instant, or a local date from whose first instant, in its own zone, it counts. */
export interface CalendarVersion {
  /** Left out in the first version, which counts from ever. */
  readonly from?: Instant | LocalDate
  readonly calendar: AnyCalendar
}

/**
 * One calendar whose hours change at a date: each version counts from its `from` up to, not including, that of the next.
 * A span across the change counts each side by its own version; hours that run across it are cut there. Working days are the
 * local dates on which it is open at all, in the zone of the last version unless `zone` says another.
 *
 * @example
 * ```ts
 * import { defineCalendar, versionCalendar, workingTimeBetween } from '@patronkit/business-time'
 *
 * const before = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const after = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['08:00', '20:00']] } })
 * const calendar = versionCalendar({ versions: [{ calendar: before }, { from: '2027-01-01', calendar: after }] })
 * console.log(workingTimeBetween({ calendar, from: '2026-12-28T00:00:00Z', to: '2027-01-05T00:00:00Z' }) / 3_600_000) // 20
 * ```
 */
export function versionCalendar(i: { readonly versions: readonly CalendarVersion[]; readonly zone?: string }): WorkingCalendar {
  const parts = i.versions.map(({ from, calendar }, k) => {
    const part = indexOf(calendar)
    if ((from === undefined) !== (k === 0)) {
      throw invalidInput('versions', `versions.${k}.from`, k === 0 ? 'leave it out: the first version counts from ever' : 'say since when')
    }
    return { part, from: from === undefined ? Number.NEGATIVE_INFINITY : startOf(from, part.zone, `versions.${k}.from`) }
  })
  if (parts.length === 0) throw invalidInput('versions', 'versions', 'give at least one version')
  const wrong = parts.findIndex(({ from }, k) => k > 0 && from <= parts[k - 1]!.from)
  if (wrong > 0) throw invalidInput('versions', `versions.${wrong}.from`, 'has to be later than the version before')
  return compileSource({
    id: 'versions',
    zone: i.zone ?? parts.at(-1)!.part.zone,
    open: (from, to) =>
      whereOpen(
        parts.map(({ part, from: since }, k) => {
          const [first, last] = [Math.max(from, since), Math.min(to, parts[k + 1]?.from ?? to)]
          return first < last ? part.intervals(first, last) : []
        }),
        1,
      ),
  })
}

function startOf(from: Instant | LocalDate, name: string, path: string): number {
  const day = typeof from === 'string' ? readLocalDate(from) : undefined
  if (day === undefined) return toMs(from as Instant, path)
  const zone = openZone(name)
  zone.cover((day - 3) * DAY, (day + 3) * DAY)
  return zone.resolve(day * DAY)
}
