import type { Catalogue } from '@patronkit/core/service'

type Data = { readonly [name: string]: unknown }

export const percent = (share: unknown): string => `${Number((Number(share) * 100).toFixed(4))} %`
const money = (data: Data, name: string): string => `${String(data[name])} ${String(data.currency ?? '')}`.trim()

/** The lines of a statement. Amounts stand as they are, so that they can be added up by hand. */
export const statementWords: Catalogue = {
  en: {
    'kpi.statement': (d) =>
      `Credited ${money(d, 'credited')}, ${percent(d.attainment)} of quota: ${money(d, 'payable')} earned to date, ${money(d, 'change')} with this statement.`,
    'kpi.below-threshold': (d) => `${money(d, 'credited')} is below the threshold of ${money(d, 'threshold')}: nothing is paid yet.`,
    'kpi.band': (d) =>
      d.upTo === null
        ? `${money(d, 'credited')} above ${money(d, 'from')} at ${percent(d.rate)} is ${money(d, 'amount')}.`
        : `${money(d, 'credited')} between ${money(d, 'from')} and ${money(d, 'upTo')} at ${percent(d.rate)} is ${money(d, 'amount')}.`,
    'kpi.reached': (d) => `The band reached pays ${percent(d.rate)} on all ${money(d, 'credited')}: ${money(d, 'amount')}.`,
    'kpi.multiplied': (d) => `${String(d.by)} at ${String(d.figure)} multiplies by ${String(d.factor)}: ${money(d, 'amount')}.`,
    'kpi.capped': (d) => `The plan pays at most ${money(d, 'cap')}.`,
    'kpi.clawed-back': (d) => `${money(d, 'amount')} of credit was taken back.`,
    'kpi.rounded': (d) => `${money(d, 'from')} is rounded to ${money(d, 'to')}.`,
    'kpi.stated-before': (d) => `${money(d, 'amount')} was stated before.`,
  },
  'zh-CN': {
    'kpi.statement': (d) =>
      `计入业绩 ${money(d, 'credited')}，达成率 ${percent(d.attainment)}：累计应得 ${money(d, 'payable')}，本期 ${money(d, 'change')}。`,
    'kpi.below-threshold': (d) => `${money(d, 'credited')} 未达到起付线 ${money(d, 'threshold')}，暂不支付。`,
    'kpi.band': (d) =>
      d.upTo === null
        ? `${money(d, 'from')} 以上的 ${money(d, 'credited')} 按 ${percent(d.rate)} 计：${money(d, 'amount')}。`
        : `${money(d, 'from')} 至 ${money(d, 'upTo')} 之间的 ${money(d, 'credited')} 按 ${percent(d.rate)} 计：${money(d, 'amount')}。`,
    'kpi.reached': (d) => `达到的档位对全部 ${money(d, 'credited')} 按 ${percent(d.rate)} 计：${money(d, 'amount')}。`,
    'kpi.multiplied': (d) => `${String(d.by)} 为 ${String(d.figure)}，乘以 ${String(d.factor)}：${money(d, 'amount')}。`,
    'kpi.capped': (d) => `方案最高支付 ${money(d, 'cap')}。`,
    'kpi.clawed-back': (d) => `追回业绩 ${money(d, 'amount')}。`,
    'kpi.rounded': (d) => `${money(d, 'from')} 四舍五入为 ${money(d, 'to')}。`,
    'kpi.stated-before': (d) => `此前已结算 ${money(d, 'amount')}。`,
  },
}
