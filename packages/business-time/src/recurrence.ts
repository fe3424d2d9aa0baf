import ICAL from 'ical.js'
import { LATEST, tooManyEvents } from './refusals.ts'

/** What is left of the work that one file may ask for. */
export interface Budget {
  readonly limit: number
  left: number
}

/** Takes one step of the work. */
export function spend(budget: Budget): void {
  if (--budget.left < 0) throw tooManyEvents(budget.limit)
}

const PAST = Symbol('past the horizon')
const LAST_YEAR = new Date(LATEST).getUTCFullYear()

/** The parser's iterator leaps by itself over what does not match; this one counts the leaps and stops at the horizon. */
const bounded = (budget: Budget, make: { readonly rule: ICAL.Recur; readonly dtstart: ICAL.Time }): ICAL.RecurIterator => {
  class Bounded extends ICAL.RecurIterator {
    override check_contracting_rules(): boolean {
      spend(budget)
      return (super.check_contracting_rules as () => boolean)()
    }

    override increment_year(years: number): void {
      spend(budget)
      ;(super.increment_year as (years: number) => void)(years)
      if (this.last.year > LAST_YEAR) throw PAST
    }
  }
  return new Bounded(make)
}

/** Rules whose dates the parser is known to give wrongly are refused; the dates of the others are looked at one by one. */
export function refuseUnsure(rule: ICAL.Recur): void {
  const { parts, freq } = rule
  if (parts.BYWEEKNO) throw new Error('BYWEEKNO is not read')
  if (parts.BYSETPOS && (freq !== 'MONTHLY' || !parts.BYDAY || parts.BYMONTHDAY)) {
    throw new Error('BYSETPOS is read with FREQ=MONTHLY and BYDAY only')
  }
}

/** The parser moves a date that a month or year lacks, such as 29 February, into the next month; RFC 5545 leaves it out. */
function allowed(rule: ICAL.Recur, dtstart: ICAL.Time, at: ICAL.Time): boolean {
  const { BYMONTH: months, BYMONTHDAY: days, BYDAY, BYYEARDAY } = rule.parts as { readonly [part: string]: readonly number[] | undefined }
  if (months && !months.includes(at.month)) return false
  const fromTheEnd = at.day - ICAL.Time.daysInMonth(at.month, at.year) - 1
  if (days) return days.includes(at.day) || days.includes(fromTheEnd)
  if (BYDAY || BYYEARDAY || (rule.freq !== 'YEARLY' && rule.freq !== 'MONTHLY')) return true
  return at.day === dtstart.day && (rule.freq === 'MONTHLY' || months !== undefined || at.month === dtstart.month)
}

/** The local starts that a rule gives, first to last, to the horizon; the rule's own end is for the caller to mind. */
export function* recur(rule: ICAL.Recur, dtstart: ICAL.Time, budget: Budget): Generator<ICAL.Time> {
  try {
    const iterator = bounded(budget, { rule, dtstart })
    for (let next = iterator.next(); next; next = iterator.next()) {
      if (allowed(rule, dtstart, next)) yield next
      else if (rule.count) throw new Error('COUNT goes with dates that not every month or year has')
    }
  } catch (error) {
    if (error !== PAST) throw error
  }
}
