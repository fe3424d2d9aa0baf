import type { Explanation, Locale } from '@patronkit/core'
import { type Catalogue, renderExplanation } from '@patronkit/core/service'

type Data = { readonly [name: string]: unknown }

/** `2 d 3 h 4 min 5 s` of plain hours; a day is never used, so nobody takes it for a working day. */
export function lengthInWords(ms: number, locale: Locale): string {
  const [h, m, s] = locale === 'zh-CN' ? [' 小时', ' 分', ' 秒'] : [' h', ' min', ' s']
  const seconds = Math.round(Math.abs(ms) / 1_000)
  const parts = [
    [Math.floor(seconds / 3_600), h],
    [Math.floor(seconds / 60) % 60, m],
    [seconds % 60, s],
  ] as const
  const said = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount}${unit}`)
  return said.length > 0 ? said.join(' ') : `0${s}`
}

/** Making a formatter costs far more than using it, and an explanation has hundreds of lines. */
const formats = new Map<string, Intl.DateTimeFormat>()

function instant(value: unknown, zone: string, locale: Locale): string {
  const key = `${locale} ${zone}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat(locale === 'zh-CN' ? 'zh-CN' : 'en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: locale === 'zh-CN' ? '2-digit' : 'short',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(key, format)
  }
  return format.format(new Date(value as string))
}

const stretch = (locale: Locale, verb: string) => (data: Data, zone: string) =>
  `${instant(data.from, zone, locale)} – ${instant(data.to, zone, locale)}: ${verb} ${lengthInWords(data.ms as number, locale)}`

const STATES_ZH: { readonly [state: string]: string } = {
  running: '进行中',
  paused: '已暂停',
  met: '达成',
  breached: '超时',
  stopped: '已停止',
  cancelled: '已取消',
}

const METRICS_ZH: { readonly [metric: string]: string } = { 'first-reply': '首次回复', 'time-to-own': '接单', resolution: '解决' }

/** The words of this package's explanations. */
export const WORDS: Catalogue = {
  en: {
    'sla/clock': (data) => {
      const { metric, state, workedMs, targetMs } = data as { metric: string; state: string; workedMs: number; targetMs: number | null }
      const used = `${lengthInWords(workedMs, 'en')} used`
      if (targetMs === null) return `${metric} is ${state}: ${used}, no target`
      const over = workedMs > targetMs ? `, ${lengthInWords(workedMs - targetMs, 'en')} over` : ''
      return `${metric} is ${state}: ${used} of ${lengthInWords(targetMs, 'en')}${over}`
    },
    'sla/counted': stretch('en', 'counted'),
    'sla/shut': stretch('en', 'outside working time'),
    'sla/paused': stretch('en', 'paused'),
    'sla/closed': stretch('en', 'closed'),
  },
  'zh-CN': {
    'sla/clock': (data) => {
      const { metric, state, workedMs, targetMs } = data as { metric: string; state: string; workedMs: number; targetMs: number | null }
      const name = METRICS_ZH[metric] ?? `${metric} `
      const used = `已用 ${lengthInWords(workedMs, 'zh-CN')}`
      if (targetMs === null) return `${name}${STATES_ZH[state]}：${used}，无时限`
      const over = workedMs > targetMs ? `，超出 ${lengthInWords(workedMs - targetMs, 'zh-CN')}` : ''
      return `${name}${STATES_ZH[state]}：${used}，时限 ${lengthInWords(targetMs, 'zh-CN')}${over}`
    },
    'sla/counted': stretch('zh-CN', '计时'),
    'sla/shut': stretch('zh-CN', '非工作时间'),
    'sla/paused': stretch('zh-CN', '暂停'),
    'sla/closed': stretch('zh-CN', '已关闭'),
  },
}

/** An explanation of this package in the words of another language, with wall times of another zone. */
export const render = (explanation: Explanation, o: { locale: Locale; zone: string }): Explanation =>
  renderExplanation(WORDS, explanation, o)
