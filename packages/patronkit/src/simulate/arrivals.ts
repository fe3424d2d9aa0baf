import { type CalendarDefinition, localInstant } from '@patronkit/business-time'
import type { LocalDate } from '@patronkit/core'
import { DAY, HOUR, SECOND } from '@patronkit/core/service'
import type { Chance } from './chance.ts'
import { BAD_MONTH, badMonthOf, SERIOUSNESS, SERVICE_LEVELS, type ServiceLevel, TEAMS, type Team } from './desk.ts'

/** A ticket as it comes in. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly at: number
  readonly level: ServiceLevel
  readonly team: Team
  readonly inBadMonth: boolean
  readonly seriousness: string
  readonly customer: string
  readonly product: string
  readonly serviceType: string
  readonly section: string
}

/** A local date on which tickets come in, with its share of them. */
interface Day {
  readonly date: LocalDate
  readonly weekend: boolean
  readonly bad: boolean
  readonly weight: number
}

const OF_WEEKDAY = [0.04, 1.2, 1.1, 1, 1, 0.85, 0.07]
/** Shares of the office hours from 8 to 17: the late morning and the early afternoon are the busy ones. */
const OF_OFFICE_HOUR = [7, 12, 14, 11, 6, 5, 9, 12, 11, 6]
/** Outside them. None from midnight to four, where zones change their clocks and a wall time may be missing or come twice. */
const OTHER_HOURS = [4, 5, 6, 7, 18, 19, 20, 21, 22]
const OF_OTHER_HOUR = [1, 2, 6, 14, 14, 10, 7, 4, 2]

const SERVICE_TYPES = ['Incident', 'Request', 'Question', 'Change']
const PRODUCTS_OF_A_TEAM = 3

/** Exactly so many tickets over the months from a date, in the order in which they come in. */
export function arrivals(i: {
  readonly chance: Chance
  readonly tickets: number
  readonly from: LocalDate
  readonly months: number
  readonly office: CalendarDefinition
}): readonly Arrival[] {
  const { chance, tickets } = i
  const days = daysOf(i.from, i.months)
  const summed = sums(days.map((day) => day.weight))
  const customersOfALevel = Math.max(3, Math.round(tickets / 50))
  const found = Array.from({ length: tickets }, () => arrival())
  return found.sort((a, b) => a.at - b.at)

  function arrival(): Arrival {
    const day = days[placeIn(summed, chance.next() * summed.at(-1)!)]!
    const rank = chance.among(SERVICE_LEVELS.map((level) => level.share))
    const level = SERVICE_LEVELS[rank]!
    const group = chance.among(TEAMS.map((team) => team.share))
    // few customers and products bring most of the tickets: the square leans to the low numbers
    const customer = 1 + rank + SERVICE_LEVELS.length * Math.floor(customersOfALevel * chance.next() ** 2)
    const product = 1 + group + TEAMS.length * Math.floor(PRODUCTS_OF_A_TEAM * chance.next() ** 2)
    return {
      at: instantOf(day, level),
      level,
      team: TEAMS[group]!,
      inBadMonth: day.bad,
      seriousness: SERIOUSNESS[chance.among(level.seriousness)]!,
      customer: `Customer ${customer}`,
      product: `Product ${product}`,
      serviceType: SERVICE_TYPES[chance.among([70, 20, 8, 2])]!,
      section: `Section ${1 + (product % 2)}`,
    }
  }

  function instantOf(day: Day, level: ServiceLevel): number {
    const office = !day.weekend && !chance.is(level.outOfHours)
    const hour = office ? 8 + chance.among(OF_OFFICE_HOUR) : OTHER_HOURS[chance.among(OF_OTHER_HOUR)]!
    const second = Math.floor(chance.next() * (HOUR / SECOND))
    // counted from noon, which is there on every date; what comes after four is on noon's side of a change of clocks
    const noon = localInstant({ calendar: i.office, date: day.date, time: '12:00' }).getTime()
    return noon + (hour - 12) * HOUR + second * SECOND
  }
}

/** The first day after so many months; a date that its month does not have is the month's last. */
export function endOf(from: LocalDate, months: number): LocalDate {
  const [year, month, day] = from.split('-').map(Number) as [number, number, number]
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10) as LocalDate
}

function daysOf(from: LocalDate, months: number): readonly Day[] {
  const bad = badMonthOf(months)
  return Array.from({ length: months }, (_, month) => month).flatMap((month) => {
    const first = Date.parse(endOf(from, month))
    const count = (Date.parse(endOf(from, month + 1)) - first) / DAY
    return Array.from({ length: count }, (_, n): Day => {
      const day = new Date(first + n * DAY)
      const weekday = day.getUTCDay()
      const weight = OF_WEEKDAY[weekday]! * (month === bad ? BAD_MONTH.arrivals : 1)
      return { date: day.toISOString().slice(0, 10) as LocalDate, weekend: weekday === 0 || weekday === 6, bad: month === bad, weight }
    })
  })
}

function sums(weights: readonly number[]): readonly number[] {
  let sum = 0
  return weights.map((weight) => {
    sum += weight
    return sum
  })
}

/** The first place whose running sum is above a value. */
function placeIn(summed: readonly number[], value: number): number {
  let [low, high] = [0, summed.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (summed[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}
