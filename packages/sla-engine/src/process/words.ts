import type { Explanation, Locale } from '@patronkit/core'
import { type Catalogue, explained, renderExplanation, toIso } from '@patronkit/core/service'
import { lengthInWords } from '../words.ts'
import type { Effect, ProcessComparison } from './compare.ts'

type About = { readonly before: ProcessComparison['before']; readonly after: ProcessComparison['after']; readonly changedAt: string }

const FIGURES: { readonly [L in Locale]: { readonly [F in Effect['figure']]: string } } = {
  en: {
    throughput: 'time from first to last, median',
    'worked-throughput': 'working time from first to last, median',
    rework: 'items with something done twice',
    'handed-over': 'items that changed hands',
    'handed-back': 'items that came back to whom they came from',
    needless: 'items with a needless step',
  },
  'zh-CN': {
    throughput: '全程时长（中位数）',
    'worked-throughput': '全程工作时长（中位数）',
    rework: '有返工的工单',
    'handed-over': '转手过的工单',
    'handed-back': '被退回原处理人的工单',
    needless: '有多余步骤的工单',
  },
}

const VERDICTS_ZH = { better: '改善', worse: '变差', unclear: '无法断定' } as const

const isShare = (figure: Effect['figure']): boolean => figure !== 'throughput' && figure !== 'worked-throughput'

function amount(figure: Effect['figure'], value: number, locale: Locale): string {
  return isShare(figure) ? `${(value * 100).toFixed(1)} %` : lengthInWords(value, locale)
}

/** A difference has a sign; of shares it is in percentage points. */
function difference(figure: Effect['figure'], value: number | null, locale: Locale): string {
  if (value === null) return '∞'
  const sign = value < 0 ? '−' : '+'
  const points = locale === 'zh-CN' ? ' 个百分点' : ' points'
  return sign + (isShare(figure) ? `${(Math.abs(value) * 100).toFixed(1)}${points}` : lengthInWords(value, locale))
}

function said(data: { readonly [name: string]: unknown }, locale: Locale): string {
  const { figure, before, after, change, verdict } = data as unknown as Effect
  const name = FIGURES[locale][figure]
  const [colon, none] = locale === 'zh-CN' ? ['：', '数据不足'] : [': ', 'not enough has ended']
  if (!before || !after || !change) return `${name}${colon}${none}`
  const span = `${difference(figure, change.low, locale)} … ${difference(figure, change.high, locale)}`
  const sides = `${amount(figure, before.value, locale)} → ${amount(figure, after.value, locale)}`
  return locale === 'zh-CN'
    ? `${name}${colon}${sides}，${difference(figure, change.value, locale)}（${span}），${VERDICTS_ZH[verdict]}`
    : `${name}${colon}${sides}, ${difference(figure, change.value, locale)} (${span}), ${verdict}`
}

const WORDS: Catalogue = {
  en: {
    'sla/process-change': (data) => {
      const { before, after } = data as unknown as About
      return `${before.items} items before the change, ${before.ended} of them ended; ${after.items} after it, ${after.ended} ended`
    },
    'sla/process-effect': (data) => said(data, 'en'),
  },
  'zh-CN': {
    'sla/process-change': (data) => {
      const { before, after } = data as unknown as About
      return `变更前 ${before.items} 单（完结 ${before.ended}），变更后 ${after.items} 单（完结 ${after.ended}）`
    },
    'sla/process-effect': (data) => said(data, 'zh-CN'),
  },
}

/** What a change did, in words: each figure before and after, the difference and its interval. */
export function explainComparison(i: { readonly comparison: ProcessComparison; readonly locale?: Locale }): Explanation {
  const { effects, changedAt, ...about } = i.comparison
  const lines = effects.map((effect) => ({ code: 'sla/process-effect', data: { ...effect } }))
  const english = explained(WORDS, { code: 'sla/process-change', data: { ...about, changedAt: toIso(changedAt.getTime()) } }, lines, 'UTC')
  return i.locale === undefined || i.locale === 'en' ? english : renderExplanation(WORDS, english, { locale: i.locale, zone: 'UTC' })
}
