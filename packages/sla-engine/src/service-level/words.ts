import type { Explanation, Locale, Money } from '@patronkit/core'
import { type Catalogue, explained, renderExplanation, toIso } from '@patronkit/core/service'
import { lengthInWords } from '../words.ts'
import type { Judgement, Standing, Verdict } from './judge.ts'
import type { ServiceLevelDefinition } from './model.ts'

type About = {
  readonly period: string
  readonly of: string | null
  readonly promised: string
  readonly standing: Standing
  readonly final: boolean
}
type BrokenLine = {
  readonly item: { readonly type: string; readonly id: string }
  readonly cycle: number
  readonly overMs: number
  readonly why: string | null
}
type ExcludedLine = { readonly why: string; readonly clocks: number }

/** `0.953` as `95.3 %`: shares are cut after four digits of the percentage, and noughts at the end say nothing. */
const percent = (share: string): string => `${(Number(share) * 100).toFixed(4).replace(/\.?0+$/, '')} %`

const amount = ({ amount: digits, currency }: Money): string => `${digits} ${currency}`

const VERDICT: { readonly [L in Locale]: { readonly [V in Verdict]: string } } = {
  en: { kept: 'kept', broken: 'broken', 'too-few': 'not judged, too few clocks', nothing: 'not judged, no clocks' },
  'zh-CN': { kept: '达成', broken: '未达成', 'too-few': '样本不足，不作评判', nothing: '无记录，不作评判' },
}

const WORDS: Catalogue = {
  en: {
    'sla/service-level': (data) => {
      const { period, of, promised, standing, final } = data as unknown as About
      const share = standing.share === null ? '' : `: ${percent(standing.share)} of ${percent(promised)} promised`
      const counts = `${standing.met} kept, ${standing.breached} broken, ${standing.open} open`
      return `${period}${of === null ? '' : `, ${of}`}: ${VERDICT.en[standing.verdict]}${final ? '' : ' so far'}${share} (${counts})`
    },
    'sla/service-level-credit': (data) => {
      const { below, credit, money } = data as { below: string; credit: string; money: Money | null }
      return `below ${percent(below)}: ${percent(credit)} of the fee is paid back${money ? `, ${amount(money)}` : ''}`
    },
    'sla/service-level-excluded': (data) => {
      const { why, clocks } = data as unknown as ExcludedLine
      return `left out as agreed: ${clocks} ${clocks === 1 ? 'clock' : 'clocks'}, ${why}`
    },
    'sla/service-level-without': (data) => {
      const { standing } = data as unknown as About
      return `without exclusions it would be ${VERDICT.en[standing.verdict]}${standing.share === null ? '' : ` at ${percent(standing.share)}`}`
    },
    'sla/service-level-broken': (data) => {
      const { item, overMs, why } = data as unknown as BrokenLine
      return `${item.type} ${item.id}: ${lengthInWords(overMs, 'en')} over${why === null ? '' : `, left out: ${why}`}`
    },
  },
  'zh-CN': {
    'sla/service-level': (data) => {
      const { period, of, promised, standing, final } = data as unknown as About
      const share = standing.share === null ? '' : `，${percent(standing.share)}（承诺 ${percent(promised)}）`
      const counts = `达成 ${standing.met}，超时 ${standing.breached}，进行中 ${standing.open}`
      return `${period}${of === null ? '' : `，${of}`}：${final ? '' : '目前'}${VERDICT['zh-CN'][standing.verdict]}${share}；${counts}`
    },
    'sla/service-level-credit': (data) => {
      const { below, credit, money } = data as { below: string; credit: string; money: Money | null }
      return `低于 ${percent(below)}：退还费用的 ${percent(credit)}${money ? `，即 ${amount(money)}` : ''}`
    },
    'sla/service-level-excluded': (data) => {
      const { why, clocks } = data as unknown as ExcludedLine
      return `按约定不计：${clocks} 个计时，${why}`
    },
    'sla/service-level-without': (data) => {
      const { standing } = data as unknown as About
      return `若不作排除：${VERDICT['zh-CN'][standing.verdict]}${standing.share === null ? '' : `，${percent(standing.share)}`}`
    },
    'sla/service-level-broken': (data) => {
      const { item, overMs, why } = data as unknown as BrokenLine
      return `${item.type} ${item.id}：超出 ${lengthInWords(overMs, 'zh-CN')}${why === null ? '' : `，不计：${why}`}`
    },
  },
}

/** Why a period was judged as it was: its band, what was left out, and each broken clock, the furthest over first. */
export function explainServiceLevel(i: {
  readonly serviceLevel: ServiceLevelDefinition
  readonly judgement: Judgement
  readonly locale?: Locale
}): Explanation {
  const { judgement, serviceLevel } = i
  const { agreed, withoutExclusions, excluded, broken, final } = judgement
  const reasons = new Map((serviceLevel.body.exclusions ?? []).map(({ id, why }) => [id, why]))
  const of = judgement.of === null ? null : String(judgement.of)
  const span = { from: toIso(judgement.period.from.getTime()), to: toIso(judgement.period.to.getTime()) }
  const about = {
    code: 'sla/service-level',
    data: {
      serviceLevel: serviceLevel.id,
      period: judgement.period.name,
      ...span,
      of,
      promised: judgement.promised,
      standing: agreed,
      final,
    },
  }
  const lines = [
    ...(agreed.band ? [{ code: 'sla/service-level-credit', data: { ...agreed.band, money: agreed.credit } }] : []),
    ...Object.entries(excluded).map(([id, clocks]) => ({
      code: 'sla/service-level-excluded',
      data: { id, why: reasons.get(id) ?? id, clocks },
    })),
    ...(Object.keys(excluded).length > 0 ? [{ code: 'sla/service-level-without', data: { standing: withoutExclusions } }] : []),
    ...broken.map(({ excludedBy, ...clock }) => ({
      code: 'sla/service-level-broken',
      data: { ...clock, excludedBy, why: excludedBy === null ? null : (reasons.get(excludedBy) ?? excludedBy) },
    })),
  ]
  const { zone } = serviceLevel.body
  const english = explained(WORDS, about, lines, zone)
  return i.locale === undefined || i.locale === 'en' ? english : renderExplanation(WORDS, english, { locale: i.locale, zone })
}
