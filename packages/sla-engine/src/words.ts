import type { Explanation, Locale } from '@patronkit/core'
import { type Catalogue, renderExplanation } from '@patronkit/core/service'
import { DEFAULT_AGREEMENT } from './policy.ts'

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

const METRICS_ZH: { readonly [metric: string]: string } = {
  'first-reply': '首次回复',
  'next-reply': '后续回复',
  'periodic-update': '定期更新',
  'pausable-update': '可暂停更新',
  'requester-wait': '客户等待',
  'agent-work': '客服处理',
  resolution: '解决',
  'total-resolution': '总解决',
  'time-to-own': '接单',
  ownership: '经办',
}

/** What the summary of a clock says. */
interface ClockWords {
  readonly agreement: string
  readonly metric: string
  readonly party: string | null
  readonly state: string
  readonly workedMs: number
  readonly targetMs: number | null
  readonly leftMs: number | null
  /** Up to a date, instead of for a length. */
  readonly dueAt: string | null
  /** The date was agreed on for this item. */
  readonly agreed: boolean
}

function clockInEnglish(data: Data, zone: string): string {
  const { agreement, metric, party, state, workedMs, targetMs, leftMs, dueAt, agreed } = data as unknown as ClockWords
  const whose = `${party === null ? '' : ` of ${party}`}${agreement === DEFAULT_AGREEMENT ? '' : ` (${agreement})`}`
  const head = `${metric}${whose} is ${state}`
  if (targetMs === null || leftMs === null) return `${head}: ${lengthInWords(workedMs, 'en')} used, no target`
  const rest = lengthInWords(leftMs, 'en')
  if (dueAt !== null)
    return `${head}: ${agreed ? 'agreed for' : 'due'} ${instant(dueAt, zone, 'en')}, ${rest} ${leftMs < 0 ? 'over' : 'left'}`
  const used = `${lengthInWords(workedMs, 'en')} used of ${lengthInWords(targetMs, 'en')}`
  return `${head}: ${used}${leftMs < 0 ? `, ${rest} over` : ''}`
}

function clockInChinese(data: Data, zone: string): string {
  const { agreement, metric, party, state, workedMs, targetMs, leftMs, dueAt, agreed } = data as unknown as ClockWords
  const about = [party, agreement === DEFAULT_AGREEMENT ? null : agreement].filter((word) => word !== null)
  const name = METRICS_ZH[metric] ?? `${metric} `
  const head = `${name}${about.length > 0 ? `（${about.join('，')}）` : ''}${STATES_ZH[state]}`
  if (targetMs === null || leftMs === null) return `${head}：已用 ${lengthInWords(workedMs, 'zh-CN')}，无时限`
  const rest = lengthInWords(leftMs, 'zh-CN')
  if (dueAt !== null) {
    return `${head}：${agreed ? '约定于' : '截止于'} ${instant(dueAt, zone, 'zh-CN')}，${leftMs < 0 ? '超出' : '剩余'} ${rest}`
  }
  const used = `已用 ${lengthInWords(workedMs, 'zh-CN')}，时限 ${lengthInWords(targetMs, 'zh-CN')}`
  return `${head}：${used}${leftMs < 0 ? `，超出 ${rest}` : ''}`
}

/** The words of this package's explanations. */
export const WORDS: Catalogue = {
  en: {
    'sla/clock': clockInEnglish,
    'sla/counted': stretch('en', 'counted'),
    'sla/shut': stretch('en', 'outside working time'),
    'sla/paused': stretch('en', 'paused'),
    'sla/closed': stretch('en', 'closed'),
  },
  'zh-CN': {
    'sla/clock': clockInChinese,
    'sla/counted': stretch('zh-CN', '计时'),
    'sla/shut': stretch('zh-CN', '非工作时间'),
    'sla/paused': stretch('zh-CN', '暂停'),
    'sla/closed': stretch('zh-CN', '已关闭'),
  },
}

/** An explanation of this package in the words of another language, with wall times of another zone. */
export const render = (explanation: Explanation, o: { locale: Locale; zone: string }): Explanation =>
  renderExplanation(WORDS, explanation, o)
