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

/** The local starts that a rule gives, first to last, to the horizon; the rule's own end is for the caller to mind. */
export function* recur(rule: ICAL.Recur, dtstart: ICAL.Time, budget: Budget): Generator<ICAL.Time> {
  try {
    const iterator = bounded(budget, { rule, dtstart })
    for (let next = iterator.next(); next; next = iterator.next()) yield next
  } catch (error) {
    if (error !== PAST) throw error
  }
}
