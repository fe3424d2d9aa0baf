import type { Explanation } from '@patronkit/core'
import type { ProcessReport } from '@patronkit/sla-engine/process'

/** How a promise was kept by a set of tickets, as of the report's instant. */
export interface Attainment {
  /** Clocks whose promise was kept. */
  readonly met: number
  /** Clocks whose promise was broken, whether still running or not. */
  readonly breached: number
  /** Clocks still running or paused within their target: not judged yet. */
  readonly open: number
  /** met ÷ (met + breached) as a decimal text with four digits; null when none was judged. */
  readonly share: string | null
  /** Working time of finished clocks, in ms: type 7 quantiles (Hyndman and Fan, 1996); null when none is finished. */
  readonly medianMs: number | null
  readonly p90Ms: number | null
}

/** One line of a table: a service level, a month, or all. */
export interface Row {
  /** The service level, the month as `YYYY-MM`, or null for all tickets. */
  readonly of: string | null
  readonly tickets: number
  readonly metrics: { readonly [metric: string]: Attainment }
}

/** A ticket far over its target, with the reason. */
export interface WorstTicket {
  readonly id: string
  readonly level: string
  readonly metric: string
  readonly workedMs: number
  readonly targetMs: number
  readonly explanation: Explanation
}

/** What a log says about the promises made. Plain data: the table, the HTML page and the tests read the same. */
export interface Report {
  /** The last instant of the log; everything is judged as of then. */
  readonly asOf: string
  readonly zone: string
  readonly policies: readonly string[]
  readonly rowsRead: number
  readonly rowsUsed: number
  readonly rowsRefused: number
  /** The attribute that levels are read from. */
  readonly levelAttribute: string
  /** In the order in which they are shown. */
  readonly metrics: readonly string[]
  readonly total: Row
  readonly levels: readonly Row[]
  readonly months: readonly Row[]
  /** Levels by month, in the order of `levels` and `months`; null where no ticket was opened. */
  readonly levelMonths: readonly (readonly (Row | null)[])[]
  readonly worst: readonly WorstTicket[]
  /** What was done, step by step; null where that was not asked for. */
  readonly process: ProcessReport | null
}
