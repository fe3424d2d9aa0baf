import type { Locale } from '@patronkit/core'
import { printable } from '../report/format.ts'
import { KPI_WORDS, type KpiWords } from './words.ts'

/** How a KPI report says numbers in one language. Data stays unrounded; here is the only place where anything is cut. */
export interface KpiFormat {
  readonly locale: Locale
  readonly words: KpiWords
  count(n: number): string
  /** Two digits behind the point; a dash for nothing. */
  score(value: number | string | null): string
  /** A share with one decimal, rounded down. */
  share(value: number | string | null): string
  /** A difference of shares in points of a hundred, with its sign and two decimals. */
  points(value: string): string
  metric(metric: string): string
  instant(iso: string): string
}

export function kpiFormat(locale: Locale, zone = 'UTC'): KpiFormat {
  const words = KPI_WORDS[locale]
  const language = locale === 'en' ? 'en-GB' : locale
  const whole = new Intl.NumberFormat(language)
  const two = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  const signed = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: 'exceptZero' })
  const percent = new Intl.NumberFormat(language, {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    roundingMode: 'floor',
  })
  const month = locale === 'en' ? 'short' : 'long'
  const instant = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    year: 'numeric',
    month,
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return {
    locale,
    words,
    count: (n) => whole.format(n),
    score: (value) => (value === null ? '–' : two.format(Number(value))),
    share: (value) => (value === null ? '–' : percent.format(Number(value))),
    points: (value) => signed.format(Number(value) * 100),
    metric: (metric) => (Object.hasOwn(words.metrics, metric) ? words.metrics[metric]! : printable(metric)),
    instant: (iso) => instant.format(Date.parse(iso)),
  }
}
