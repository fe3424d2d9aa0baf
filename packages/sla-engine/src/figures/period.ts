import { openZone } from '@patronkit/business-time/zone'
import { DAY } from '@patronkit/core/service'
import { insideHorizon } from './horizon.ts'

export type PeriodUnit = 'day' | 'week' | 'month' | 'quarter' | 'year'

/** A local period: its name and its instants, from the first to the first behind it. */
export interface Period {
  /** `2026-03-05`, `2026-W10` (ISO 8601), `2026-03`, `2026-Q1`, `2026`. */
  readonly name: string
  readonly from: number
  readonly to: number
}

/** Finds the local period in which an instant lies. Days are those of the zone, so one may have 23 or 25 hours. */
export function periodsOf(zoneName: string, unit: PeriodUnit): (at: number) => Period {
  const zone = openZone(zoneName)
  const byDay = new Map<number, Period>()
  return (instant) => {
    const at = insideHorizon(instant, 'instant')
    zone.cover(at - 4 * DAY, at + 4 * DAY)
    const day = Math.floor((at + zone.offsetAt(at)) / DAY)
    let period = byDay.get(day)
    if (!period) {
      const [first, next] = daysOf(day, unit)
      zone.cover((first - 4) * DAY, (next + 4) * DAY)
      period = { name: nameOf(first, unit), from: zone.resolve(first * DAY), to: zone.resolve(next * DAY) }
      byDay.set(day, period)
    }
    return period
  }
}

const dayNumber = (year: number, month: number): number => Date.UTC(year, month, 1) / DAY

/** The first day of a day's period, and of the next; days are counted from 1970-01-01, a Thursday. */
function daysOf(day: number, unit: PeriodUnit): readonly [number, number] {
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  switch (unit) {
    case 'day':
      return [day, day + 1]
    case 'week': {
      const monday = day - ((((day + 3) % 7) + 7) % 7)
      return [monday, monday + 7]
    }
    case 'month':
      return [dayNumber(year, month), dayNumber(year, month + 1)]
    case 'quarter': {
      const first = month - (month % 3)
      return [dayNumber(year, first), dayNumber(year, first + 3)]
    }
    case 'year':
      return [dayNumber(year, 0), dayNumber(year + 1, 0)]
  }
}

function nameOf(first: number, unit: PeriodUnit): string {
  const iso = new Date(first * DAY).toISOString()
  if (unit === 'day') return iso.slice(0, 10)
  if (unit === 'month') return iso.slice(0, 7)
  if (unit === 'year') return iso.slice(0, 4)
  if (unit === 'quarter') return `${iso.slice(0, 4)}-Q${Number(iso.slice(5, 7)) / 3 + 2 / 3}`
  // a week belongs to the year of its Thursday (ISO 8601)
  const thursday = new Date((first + 3) * DAY)
  const week = Math.floor((first + 3 - dayNumber(thursday.getUTCFullYear(), 0)) / 7) + 1
  return `${thursday.toISOString().slice(0, 4)}-W${String(week).padStart(2, '0')}`
}
