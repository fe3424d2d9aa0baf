import type { Duration, Locale, WorkingDuration } from '@patronkit/core'
import { durationSchema, HOUR, MINUTE, parse, SECOND, workingMs } from '@patronkit/core/service'
import { badAmount, invalidInput, wallDuration } from './refusals.ts'

/** The words of a language; a count decides between the forms by the plural rules of `Intl`. */
interface Words {
  readonly day: { readonly one?: string; readonly other: string }
  readonly hour: string
  readonly minute: string
  readonly second: string
  readonly less: string
}

const WORDS: { readonly [locale in Locale]: Words } = {
  en: { day: { one: 'working day', other: 'working days' }, hour: 'h', minute: 'min', second: 's', less: 'less than' },
  'zh-CN': { day: { other: '个工作日' }, hour: '小时', minute: '分钟', second: '秒', less: '不到' },
}

/**
 * A length of working time for people: `2 working days 3 h`, `2 个工作日 3 小时`. `day` says how long a working day is; without
 * it hours are not gathered into days, for a length alone does not know. What is below `smallest`, a minute unless said
 * otherwise, is cut off, so that no more time is promised than there is.
 *
 * @throws `time/bad-amount` for a length that is negative or not finite; say "overdue" yourself
 *
 * @example
 * ```ts
 * import { workingTimeInWords } from '@patronkit/business-time'
 *
 * const ms = 19 * 3_600_000
 * console.log(workingTimeInWords({ ms, day: { workingHours: 8 } })) // 2 working days 3 h
 * console.log(workingTimeInWords({ ms, day: { workingHours: 8 }, locale: 'zh-CN' })) // 2 个工作日 3 小时
 * ```
 */
export function workingTimeInWords(i: {
  /** Milliseconds of working time. */
  readonly ms: number
  readonly day?: Duration
  readonly locale?: Locale
  readonly smallest?: 'minute' | 'second'
}): string {
  if (!(i.ms >= 0 && i.ms < Number.POSITIVE_INFINITY)) throw badAmount(i.ms, 'ms')
  const locale = i.locale ?? 'en'
  const words = WORDS[locale]
  const [step, smallest] = i.smallest === 'second' ? [SECOND, words.second] : [MINUTE, words.minute]
  const day = i.day === undefined ? Number.POSITIVE_INFINITY : lengthOfDay(i.day)

  const days = Math.floor(i.ms / day)
  // A working day need not be whole minutes long, so the rest is taken first and cut then.
  const rest = Math.floor((i.ms - (days > 0 ? days * day : 0)) / step) * step
  const parts: readonly (readonly [count: number, word: string])[] = [
    [days, words.day[new Intl.PluralRules(locale).select(days) === 'one' ? 'one' : 'other'] ?? words.day.other],
    [Math.floor(rest / HOUR), words.hour],
    [Math.floor((rest % HOUR) / MINUTE), words.minute],
    [Math.floor((rest % MINUTE) / SECOND), words.second],
  ]
  const number = new Intl.NumberFormat(locale)
  const text = parts.filter(([count]) => count > 0).map(([count, word]) => `${number.format(count)} ${word}`)
  if (text.length > 0) return text.join(' ')
  return i.ms === 0 ? `0 ${smallest}` : `${words.less} 1 ${smallest}`
}

function lengthOfDay(duration: Duration): number {
  const read = parse(durationSchema, duration, 'day')
  if ('workingDays' in read) throw invalidInput('working time in words', 'day', 'give the hours of a working day')
  const wall = Object.keys(read).filter((unit) => !unit.startsWith('working'))
  if (wall.length > 0) throw wallDuration(wall)
  const ms = workingMs(read as WorkingDuration)
  if (ms < MINUTE) throw badAmount(ms, 'ms a day')
  return ms
}
