import type { Duration, Explanation, Locale } from '@patronkit/core'
import { type Catalogue, explained, renderExplanation, toIso } from '@patronkit/core/service'
import { lengthInWords } from '../words.ts'
import type { AgreementCheck, Share } from './model.ts'

type About = Pick<AgreementCheck, 'agreement' | 'promise' | 'allowedMs' | 'sumMs' | 'leftMs' | 'unbound'>

const UNITS_ZH: { readonly [unit: string]: string } = {
  days: '天',
  hours: '小时',
  minutes: '分钟',
  seconds: '秒',
  workingDays: '个工作日',
  workingHours: '个工作小时',
  workingMinutes: '个工作分钟',
  workingSeconds: '个工作秒',
}

/** `workingHours: 4` as `4 working hours`. */
const length = (duration: Duration, locale: Locale): string =>
  Object.entries(duration)
    .map(([unit, amount]) =>
      locale === 'zh-CN'
        ? `${amount} ${UNITS_ZH[unit]}`
        : `${amount} ${unit.replace(/^working(.)/, (_, first: string) => `working ${first.toLowerCase()}`)}`,
    )
    .join(' ')

const WORDS: Catalogue = {
  en: {
    'sla/agreement-fit': (data) => {
      const { agreement, promise, allowedMs, sumMs, leftMs, unbound } = data as unknown as About
      const sum = `${agreement} adds up to ${lengthInWords(sumMs, 'en')} of ${lengthInWords(allowedMs, 'en')} that ${promise.policy} promises for ${promise.metric}`
      const fit = leftMs < 0 ? `${lengthInWords(leftMs, 'en')} too much` : `${lengthInWords(leftMs, 'en')} are left`
      return `${sum}: ${fit}${unbound.length > 0 ? `; nothing binds ${unbound.join(', ')}` : ''}`
    },
    'sla/agreement-share': (data) => {
      const { policy, party, length: duration } = data as unknown as Share
      return `${party ?? policy}: ${length(duration, 'en')}`
    },
  },
  'zh-CN': {
    'sla/agreement-fit': (data) => {
      const { agreement, promise, allowedMs, sumMs, leftMs, unbound } = data as unknown as About
      const sum = `${promise.policy} 对 ${promise.metric} 承诺 ${lengthInWords(allowedMs, 'zh-CN')}，${agreement} 合计 ${lengthInWords(sumMs, 'zh-CN')}`
      const fit = leftMs < 0 ? `超出 ${lengthInWords(leftMs, 'zh-CN')}` : `余 ${lengthInWords(leftMs, 'zh-CN')}`
      return `${sum}：${fit}${unbound.length > 0 ? `；未约束 ${unbound.join('、')}` : ''}`
    },
    'sla/agreement-share': (data) => {
      const { policy, party, length: duration } = data as unknown as Share
      return `${party ?? policy}：${length(duration, 'zh-CN')}`
    },
  },
}

/** What adds up to what, in words. */
export function explainAgreement(i: { readonly check: AgreementCheck; readonly locale?: Locale }): Explanation {
  const { shares, worstStart, ...about } = i.check
  const lines = shares.map((share) => ({ code: 'sla/agreement-share', data: { ...share } }))
  const english = explained(WORDS, { code: 'sla/agreement-fit', data: { ...about, worstStart: toIso(worstStart.getTime()) } }, lines, 'UTC')
  return i.locale === undefined || i.locale === 'en' ? english : renderExplanation(WORDS, english, { locale: i.locale, zone: 'UTC' })
}
