import type { Locale } from '@patronkit/core'
import { printable } from '../report/format.ts'
import { SEGMENT_WORDS, type SegmentWords } from './words.ts'

/** How a segment report says numbers in one language. */
export interface SegmentFormat {
  readonly locale: Locale
  readonly words: SegmentWords
  count(n: number): string
  /** Two digits behind the point; a dash for nothing. */
  amount(value: number | null): string
  one(value: number | null): string
  share(value: number | null): string
  segment(segment: string): string
  text(text: string): string
}

export function segmentFormat(locale: Locale): SegmentFormat {
  const words = SEGMENT_WORDS[locale]
  const language = locale === 'en' ? 'en-GB' : locale
  const digits = (n: number) => new Intl.NumberFormat(language, { minimumFractionDigits: n, maximumFractionDigits: n })
  const [whole, one, two] = [digits(0), digits(1), digits(2)]
  const percent = new Intl.NumberFormat(language, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const or = (value: number | null, format: Intl.NumberFormat) => (value === null ? '–' : format.format(value))
  return {
    locale,
    words,
    count: (n) => whole.format(n),
    amount: (value) => or(value, two),
    one: (value) => or(value, one),
    share: (value) => or(value, percent),
    segment: (segment) => (Object.hasOwn(words.segments, segment) ? words.segments[segment]! : segment),
    text: printable,
  }
}
