import { DAY } from '@patronkit/core/service'
import { dateOf, dayOf } from './local-day.ts'
import { senseless } from './refusals.ts'

/** A day of the lunar calendar. */
export interface LunarDay {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly leapMonth?: boolean | undefined
}

/** The port behind which a lunar calendar stands: the day number of a lunar day, or null where there is none. */
export interface LunarCalendar {
  readonly firstYear: number
  readonly lastYear: number
  readonly dayOf: (day: LunarDay) => number | null
}

/** When somebody was born, or when a custom falls: by the sun or by the moon. */
export type YearlyDay =
  | { readonly calendar: 'solar'; readonly month: number; readonly day: number }
  | { readonly calendar: 'lunar'; readonly month: number; readonly day: number; readonly leapMonth?: boolean | undefined }

/** What to do in a year without that day. */
export interface MissingDay {
  /** Default: 28 February. */
  readonly feb29?: 'feb28' | 'mar1' | 'skip' | undefined
  /** Default: the plain month of that number. */
  readonly missingLeapMonth?: 'plain' | 'skip' | undefined
  /** Default: the 29th; `next` is the 1st of the following lunar month. */
  readonly missingDay30?: '29' | 'next' | undefined
}

/** A day that came round: its date, and the year that it belongs to, lunar for a lunar day. A gift is given once per such year. */
export interface Occasion {
  readonly date: string
  readonly year: number
  /** `solar/2026` or `lunar/2026`: the key under which a gift is given once. */
  readonly once: string
}

/** The day in one year of its own calendar; null where the policy leaves that year out. */
export function occasionIn(on: YearlyDay, year: number, policy: MissingDay = {}, lunar?: LunarCalendar): Occasion | null {
  const day = on.calendar === 'solar' ? solarDay(on.month, on.day, year, policy) : lunarDay(on, year, policy, needed(lunar, year))
  return day === null ? null : { date: dateOf(day), year, once: `${on.calendar}/${year}` }
}

/**
 * All occurrences from one local date up to, and without, another. A lunar birthday late in the year comes twice in some
 * solar years and not at all in others; each belongs to another lunar year.
 */
export function occasionsBetween(
  on: YearlyDay,
  from: string,
  to: string,
  policy: MissingDay = {},
  lunar?: LunarCalendar,
): readonly Occasion[] {
  const first = new Date(dayOf(from) * DAY).getUTCFullYear() - (on.calendar === 'lunar' ? 1 : 0)
  const last = new Date(dayOf(to) * DAY).getUTCFullYear()
  const found: Occasion[] = []
  for (let year = first; year <= last; year++) {
    const occasion = occasionIn(on, year, policy, lunar)
    if (occasion && occasion.date >= from && occasion.date < to) found.push(occasion)
  }
  return found
}

/**
 * The solar date of a lunar birthday in a lunar year; null where the policy leaves that year out. A missing leap month is
 * settled first, a missing 30th after it.
 */
export function lunarBirthday(
  birth: { readonly month: number; readonly day: number; readonly leapMonth?: boolean | undefined },
  lunarYear: number,
  policy: MissingDay,
  lunar: LunarCalendar,
): string | null {
  return occasionIn({ calendar: 'lunar', ...birth }, lunarYear, policy, lunar)?.date ?? null
}

function needed(lunar: LunarCalendar | undefined, year: number): LunarCalendar {
  if (!lunar) throw senseless('calendar', 'a lunar day needs a lunar calendar, such as chineseCalendar of @patronkit/loyalty-points/lunar')
  if (year < lunar.firstYear || year > lunar.lastYear)
    throw senseless('year', `${year} lies outside ${lunar.firstYear} to ${lunar.lastYear}, which the lunar calendar knows`)
  return lunar
}

function solarDay(month: number, day: number, year: number, policy: MissingDay): number | null {
  const exact = Date.UTC(year, month - 1, day)
  if (new Date(exact).getUTCMonth() === month - 1) return exact / DAY
  if (month !== 2 || day !== 29) throw senseless('day', `month ${month} has no day ${day} in any year`)
  if (policy.feb29 === 'skip') return null
  return Date.UTC(year, 1, policy.feb29 === 'mar1' ? 29 : 28) / DAY
}

function lunarDay(
  on: { readonly month: number; readonly day: number; readonly leapMonth?: boolean | undefined },
  year: number,
  policy: MissingDay,
  lunar: LunarCalendar,
): number | null {
  const { month, day } = on
  if (!(Number.isInteger(month) && month >= 1 && month <= 12 && Number.isInteger(day) && day >= 1 && day <= 30))
    throw senseless('day', `lunar month ${month} has no day ${day} in any year`)
  const leapMonth = on.leapMonth === true && lunar.dayOf({ year, month, day: 1, leapMonth: true }) !== null
  if (on.leapMonth && !leapMonth && policy.missingLeapMonth === 'skip') return null
  const exact = lunar.dayOf({ year, month, day, leapMonth })
  if (exact !== null) return exact
  const before = lunar.dayOf({ year, month, day: 29, leapMonth })
  if (before === null) throw senseless('day', `lunar year ${year} has no month ${month}`)
  return policy.missingDay30 === 'next' ? before + 1 : before
}

/** Festivals that greetings are sent for. */
export const festivals = {
  'new-year': { calendar: 'lunar', month: 1, day: 1 },
  lantern: { calendar: 'lunar', month: 1, day: 15 },
  'dragon-boat': { calendar: 'lunar', month: 5, day: 5 },
  qixi: { calendar: 'lunar', month: 7, day: 7 },
  'mid-autumn': { calendar: 'lunar', month: 8, day: 15 },
  'double-ninth': { calendar: 'lunar', month: 9, day: 9 },
  // the last day of the lunar year, be it the 29th or the 30th
  'new-years-eve': { calendar: 'lunar', month: 12, day: 30 },
} as const satisfies { readonly [name: string]: YearlyDay }

/** What keeps a birthday from being set for the sake of a gift. */
export interface GiftGuard {
  /** A birthday told fewer than this many days before it comes earns nothing that time. Default 30. */
  readonly toldDaysBefore?: number | undefined
  /** Days that lie between two gifts at least, also when the birthday was changed in between. Default 300. */
  readonly daysBetween?: number | undefined
}

/** Why a gift is due or not. */
export type GiftAnswer = { readonly due: true } | { readonly due: false; readonly why: 'given-this-year' | 'told-too-late' | 'too-soon' }

/** Whether an occasion earns its gift. Dates are local; `given` are the gifts given before. */
export function giftDue(
  occasion: Occasion,
  told: string,
  given: readonly { readonly once: string; readonly date: string }[],
  guard: GiftGuard = {},
): GiftAnswer {
  if (given.some((gift) => gift.once === occasion.once)) return { due: false, why: 'given-this-year' }
  if (dayOf(occasion.date) - dayOf(told) < (guard.toldDaysBefore ?? 30)) return { due: false, why: 'told-too-late' }
  const near = given.some((gift) => Math.abs(dayOf(occasion.date) - dayOf(gift.date)) < (guard.daysBetween ?? 300))
  return near ? { due: false, why: 'too-soon' } : { due: true }
}
