import type { Locale } from '@patronkit/core'

/** The words of a statement of pay. Amounts come in as they are shown. */
export interface StatementWords {
  readonly title: (subject: string, period: string) => string
  readonly numbered: (number: string, plan: string, version: string) => string
  readonly over: (from: string, to: string) => string
  readonly issued: (on: string) => string
  readonly preview: string
  readonly toDate: string
  readonly before: string
  readonly change: string
  readonly takenBack: string
  readonly credited: string
  readonly ofQuota: (share: string) => string
  readonly deals: string
  readonly deal: string
  readonly date: string
  readonly amount: string
  readonly share: string
  readonly back: string
  readonly counts: string
  readonly noDeals: string
  readonly steps: string
  readonly step: string
  readonly rate: string
  readonly pays: string
  readonly band: (from: string, upTo: string | null) => string
  readonly reached: (from: string, upTo: string | null) => string
  readonly multiplied: (by: string, figure: string, from: string) => string
  readonly times: (factor: string) => string
  readonly capped: string
  readonly belowThreshold: (threshold: string) => string
  readonly history: string
  readonly statement: string
  readonly on: string
  readonly notes: readonly string[]
}

/** Chinese terms are those of the glossary. */
export const STATEMENT_WORDS: { readonly [L in Locale]: StatementWords } = {
  en: {
    title: (subject, period) => `Statement of pay: ${subject}, ${period}`,
    numbered: (number, plan, version) => `Statement ${number} under plan ${plan}, version ${version}`,
    over: (from, to) => `Deals from ${from} to ${to}`,
    issued: (on) => `Issued on ${on}`,
    preview: 'Preview: nothing was issued',
    toDate: 'Earned to date',
    before: 'Stated before',
    change: 'Paid with this statement',
    takenBack: 'Taken back with this statement',
    credited: 'Credited sales',
    ofQuota: (share) => `${share} of quota`,
    deals: 'What counts',
    deal: 'Deal',
    date: 'Date',
    amount: 'Amount',
    share: 'Your share',
    back: 'Taken back',
    counts: 'Counts',
    noDeals: 'No deal counts in this period yet.',
    steps: 'How it is worked out',
    step: 'Step',
    rate: 'Rate',
    pays: 'Pays',
    band: (from, upTo) => (upTo === null ? `Above ${from}` : `${from} to ${upTo}`),
    reached: (from, upTo) => `Everything, at the band ${upTo === null ? `above ${from}` : `${from} to ${upTo}`}`,
    multiplied: (by, figure, from) => `${by} is ${figure}, at least ${from}`,
    times: (factor) => `× ${factor}`,
    capped: 'The most that the plan pays',
    belowThreshold: (threshold) => `Below the threshold of ${threshold}: nothing is paid yet`,
    history: 'All statements of this period',
    statement: 'Statement',
    on: 'Issued',
    notes: [
      'Earned to date: everything earned in the period so far, worked out anew from all deals each time.',
      'Each statement pays the difference to what was stated before; a deal that is taken back lowers the next statement, and statements that were issued never change.',
      'Amounts are shown to the cent. Only what is earned to date is rounded, once, so shown steps can differ from it by a cent.',
    ],
  },
  'zh-CN': {
    title: (subject, period) => `提成结算单：${subject}，${period}`,
    numbered: (number, plan, version) => `第 ${number} 份结算单，方案 ${plan} 第 ${version} 版`,
    over: (from, to) => `计入 ${from} 至 ${to} 的成交`,
    issued: (on) => `出具日期：${on}`,
    preview: '试算：尚未出具',
    toDate: '累计应得',
    before: '此前已结算',
    change: '本次支付',
    takenBack: '本次追回',
    credited: '计入业绩',
    ofQuota: (share) => `达成率 ${share}`,
    deals: '计入的成交',
    deal: '成交',
    date: '日期',
    amount: '金额',
    share: '本人份额',
    back: '已追回',
    counts: '计入',
    noDeals: '本期尚无计入的成交。',
    steps: '计算过程',
    step: '步骤',
    rate: '比例',
    pays: '应得',
    band: (from, upTo) => (upTo === null ? `${from} 以上` : `${from} 至 ${upTo}`),
    reached: (from, upTo) => `全部业绩，按 ${upTo === null ? `${from} 以上` : `${from} 至 ${upTo}`} 档`,
    multiplied: (by, figure, from) => `${by} 为 ${figure}，不低于 ${from}`,
    times: (factor) => `× ${factor}`,
    capped: '方案最高支付',
    belowThreshold: (threshold) => `未达到起付线 ${threshold}，暂不支付`,
    history: '本期全部结算单',
    statement: '结算单',
    on: '出具日期',
    notes: [
      '累计应得：本期至今的全部应得，每次都由全部成交重新计算。',
      '每份结算单支付与此前已结算之差；被追回的成交会减少下一份结算单，已出具的结算单不再改动。',
      '金额显示到分。只有累计应得四舍五入一次，因此所示各步之和可能相差一分。',
    ],
  },
}
