import type { Explanation, Locale } from '@patronkit/core'
import { type Catalogue, renderExplanation } from '@patronkit/core/service'
import { percent, statementWords } from './incentives/words.ts'

type Data = { readonly [name: string]: unknown }

const text = (value: unknown): string => String(value)

/** A decimal text with at most six digits behind the point: words round, data does not. */
const short = (value: unknown): string => {
  const [whole, fraction = ''] = text(value).split('.')
  if (fraction.length <= 6) return text(value)
  const rounded = Number(value)
    .toFixed(6)
    .replace(/\.?0+$/, '')
  return whole!.length > 9 ? text(value) : rounded
}

const withTarget = (data: Data, of: string): string => (data.target === undefined ? '' : `${of}${short(data.target)}`)

const REASONS_ZH: { readonly [code: string]: string } = {
  'no-data': '无数据',
  'divided-by-zero': '除数为零',
  'no-such-period': '无对应期间',
}
const REASONS_EN: { readonly [code: string]: string } = {
  'no-data': 'nothing was measured',
  'divided-by-zero': 'it is divided by zero',
  'no-such-period': 'there is no such period',
}

/** How far a value can be off, where it rests on sketches. */
const withError = (data: Data, say: (metric: string, error: string) => string): string =>
  ((data.approximate as readonly { readonly metric: string; readonly error: string }[] | undefined) ?? [])
    .map(({ metric, error }) => say(metric, percent(error)))
    .join('')

const causeOf = (data: Data, reasons: { readonly [code: string]: string }, otherwise: string, at: (metric: string) => string): string => {
  const cause = data.cause as { readonly code: string; readonly metric: string } | undefined
  return cause ? `${reasons[cause.code] ?? cause.code}${cause.metric === data.metric ? '' : at(cause.metric)}` : otherwise
}

/** The words of this package's explanations. */
export const WORDS: Catalogue = {
  en: {
    ...statementWords.en,
    'kpi.score': (d) =>
      d.value === null
        ? `${text(d.subject)} has no score for ${text(d.period)}`
        : `${text(d.subject)} scores ${short(d.value)} for ${text(d.period)}${d.band === null ? '' : `, ${text(d.band)}`}`,
    'kpi.measure-scored': (d) =>
      `${text(d.measure)}: ${short(d.raw)}${withTarget(d, ' of ')}${withError(d, (metric, error) => ` (${metric} is off by at most ${error})`)} counts ${short(d.normalised)}, times ${short(d.weight)} is ${short(d.points)}`,
    'kpi.measure-missing': (d) =>
      `${text(d.measure)}: ${causeOf(d, REASONS_EN, 'no target', (metric) => ` (${metric})`)}, ${
        d.reason === 'missing-as-zero'
          ? 'and counts as 0'
          : d.reason === 'missing'
            ? 'so there is no score'
            : 'so its weight goes to the others'
      }`,
  },
  'zh-CN': {
    ...statementWords['zh-CN'],
    'kpi.score': (d) =>
      d.value === null
        ? `${text(d.subject)} 在 ${text(d.period)} 没有得分`
        : `${text(d.subject)} 在 ${text(d.period)} 得分 ${short(d.value)}${d.band === null ? '' : `，等级 ${text(d.band)}`}`,
    'kpi.measure-scored': (d) =>
      `${text(d.measure)}：${short(d.raw)}${withTarget(d, '，目标 ')}${withError(d, (metric, error) => `（${metric} 误差不超过 ${error}）`)}，标准化 ${short(d.normalised)} × 权重 ${short(d.weight)} = 贡献值 ${short(d.points)}`,
    'kpi.measure-missing': (d) =>
      `${text(d.measure)}：${causeOf(d, REASONS_ZH, '没有目标', (metric) => `（${metric}）`)}，${
        d.reason === 'missing-as-zero' ? '按 0 计' : d.reason === 'missing' ? '因此没有得分' : '其权重分给其他指标项'
      }`,
  },
}

/** An explanation of this package in the words of another language. */
export const render = (explanation: Explanation, o: { readonly locale: Locale }): Explanation =>
  renderExplanation(WORDS, explanation, { locale: o.locale, zone: 'UTC' })
