/**
 * A compiled calendar: the numeric index that engines and hot loops use.
 *
 * Every instant is epoch milliseconds, every amount milliseconds of working time. Positional numbers, not one object
 * argument: these functions run millions of times a second and allocate nothing. Hosts use the named functions
 * (`addWorkingTime`, `workingTimeBetween` …), which take either a definition or this.
 *
 * Fractions: an instant is cut to its millisecond, an amount is rounded to the nearest one.
 */
export interface WorkingCalendar {
  /** IANA name of the zone in which the hours are read. */
  readonly zone: string
  /** The instant at which `ms` of working time have passed. An exact end answers the close; 0 moves to the next open instant. */
  add(at: number, ms: number): number
  /** The instant from which `ms` of working time lead to `at`. An exact start answers the opening; 0 is {@link previousOpening}. */
  subtract(at: number, ms: number): number
  /** Working time in [from, to), in ms; 0 where `to` is not after `from`. */
  within(from: number, to: number): number
  /** True exactly when `within(at, at + 1)` is 1. */
  isOpen(at: number): boolean
  /** `at` itself when open, otherwise the next opening. A closing instant is not open. */
  nextOpening(at: number): number
  /** The last instant not after `at` that is open or a close: `at` itself from an opening to its close, both included. */
  previousOpening(at: number): number
  /** The `days`-th working day after the local date of `at`, same wall time, then moved to the next open instant. */
  addDays(at: number, days: number): number
  /** The `days`-th working day before the local date of `at`, same wall time, then moved back as {@link previousOpening} does. */
  subtractDays(at: number, days: number): number
  /** The open intervals inside [from, to), cut to it, in order, disjoint, each `[opening, close)`. */
  intervals(from: number, to: number): readonly (readonly [number, number])[]
}
