import type { Locale } from '@patronkit/core'
import { HOUR, MINUTE } from '@patronkit/core/service'
import { lengthInWords } from '@patronkit/sla-engine'
import type { Attainment, Report } from './model.ts'
import { REPORT_WORDS, type ReportWords } from './words.ts'

/** How a report says its numbers, instants and names in one language. */
export interface Format {
  readonly locale: Locale
  readonly words: ReportWords
  /** A share with one decimal, rounded down; null as the sign for nothing. */
  share(share: string | null): string
  count(n: number): string
  /** A length to the second below ten minutes, to the minute below 100 hours, to the hour from there. */
  length(ms: number | null): string
  /** To the minute, in the report's zone. */
  instant(iso: string): string
  /** A day with its weekday, in the report's zone. */
  day(iso: string): string
  /** `YYYY-MM-DD` in the report's zone. */
  localDate(iso: string): string
  metric(metric: string): string
  /** A figure of a metric, as `Resolution: median`. */
  named(metric: string, figure: string): string
  level(level: string | null): string
}

/** The format of one report. `nothing` stands where there is no figure. */
export function formatOf(report: Pick<Report, 'zone'>, locale: Locale, nothing = '–'): Format {
  const words = REPORT_WORDS[locale]
  const language = locale === 'en' ? 'en-GB' : locale
  const percent = new Intl.NumberFormat(language, {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    roundingMode: 'floor',
  })
  const number = new Intl.NumberFormat(language)
  const dates = (options: Intl.DateTimeFormatOptions, as: string = language) => {
    const format = new Intl.DateTimeFormat(as, { timeZone: report.zone, ...options })
    return (iso: string) => format.format(Date.parse(iso))
  }
  const month = locale === 'en' ? 'short' : 'long'
  const date = { year: 'numeric', month, day: 'numeric' } as const
  const metricOf = (metric: string) => (Object.hasOwn(words.metrics, metric) ? words.metrics[metric]! : printable(metric))
  return {
    locale,
    words,
    share: (share) => (share === null ? nothing : percent.format(share as `${number}`)),
    count: (n) => number.format(n),
    length: (ms) => (ms === null ? nothing : lengthInWords(rounded(ms), locale)),
    instant: dates({ ...date, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: dates({ ...date, weekday: 'short' }),
    localDate: dates({ year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA'),
    metric: metricOf,
    named: (metric, figure) => words.named(metricOf(metric), figure),
    level: (level) => (level === null ? words.allTickets : printable(level) || words.noLevel),
  }
}

function rounded(ms: number): number {
  const unit = ms >= 100 * HOUR ? HOUR : ms >= 10 * MINUTE ? MINUTE : 1
  return Math.round(ms / unit) * unit
}

/** The metric that charts with room for one are about: resolution, or else the last. */
export const mainMetric = (report: Pick<Report, 'metrics'>): string | null =>
  report.metrics.includes('resolution') ? 'resolution' : (report.metrics.at(-1) ?? null)

/** Kept and breached: what a share is taken of. */
export const judged = (attainment: Attainment): number => attainment.met + attainment.breached

/** Text of the log that cannot move a terminal's cursor, end a string or turn its surroundings round. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g, '\ufffd')
