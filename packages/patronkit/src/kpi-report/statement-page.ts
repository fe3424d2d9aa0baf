import type { Locale } from '@patronkit/core'
import type { PayStatement } from '@patronkit/kpi-scoring'
import { printable } from '../report/format.ts'
import { html } from '../report/markup.ts'
import { type Cell, cards, pageOf, section, tableOf } from '../report/page.ts'
import { kpiFormat } from './format.ts'
import { STATEMENT_WORDS, type StatementWords } from './statement-words.ts'

/** How a statement says amounts: here, and nowhere before, they are cut to the cent. */
interface Shown {
  readonly words: StatementWords
  money(amount: string): string
  signed(amount: string): string
  percent(share: string): string
  number(text: string): string
  day(at: Date): string
}

/**
 * A statement of pay as one HTML file for the person paid: what counts, how it is worked out, and what earlier statements said. The
 * same statements give the same bytes.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * import { createPatronkit, payStatementPage } from 'patronkit'
 * import { memoryStorage } from '@patronkit/core'
 *
 * const { kpi } = createPatronkit({ storage: memoryStorage() }).for({ tenant: 'acme', by: { type: 'system', id: 'payroll' } })
 * const before = [...(await kpi.statements({ plan: 'field-sales', subject: 'anna', period: '2026-Q1' }))]
 * const statement = before.pop()
 * if (statement) writeFileSync('anna.html', payStatementPage({ statement, before, locale: 'zh-CN', zone: 'Asia/Shanghai' }))
 * ```
 */
export function payStatementPage(i: {
  /** One that was issued, or a preview. */
  readonly statement: PayStatement
  /** Those of the same plan, person and period that were issued before it. */
  readonly before?: readonly PayStatement[]
  readonly locale: Locale
  /** In which days are shown, UTC unless said otherwise. */
  readonly zone?: string
  /** The person's name, where the subject is an id. */
  readonly name?: string
}): string {
  const { statement, before = [], locale, zone = 'UTC', name = statement.subject } = i
  const say = shownIn(locale, zone, statement.payable.currency)
  const { words } = say
  const format = kpiFormat(locale, zone)
  const { plan, period, number } = statement
  const lastDay = new Date(period.to.getTime() - 1)
  return pageOf({
    title: words.title(printable(name), period.id),
    below: [
      words.numbered(say.number(String(number)), plan.id, say.number(String(plan.version))),
      words.over(say.day(period.from), say.day(lastDay)),
      statement.issuedAt ? words.issued(say.day(statement.issuedAt)) : words.preview,
    ],
    main: [
      cards(cardsOf(statement, say)),
      section(
        words.deals,
        statement.deals.length === 0
          ? html`<p>${words.noDeals}</p>`
          : tableOf({
              title: words.deals,
              heads: [words.deal, words.date, words.amount, words.share, words.back, words.counts],
              rows: statement.deals.map((deal) => [
                printable(deal.id),
                say.day(new Date(deal.at)),
                say.money(deal.amount.amount),
                say.percent(deal.share),
                Number(deal.takenBack.amount) === 0 ? '–' : say.money(deal.takenBack.amount),
                say.money(deal.credited),
              ]),
              foot: [words.credited, '', '', '', '', say.money(statement.credited)],
              format,
            }),
      ),
      section(
        words.steps,
        tableOf({
          title: words.steps,
          heads: [words.step, words.credited, words.rate, words.pays],
          rows: statement.lines.flatMap((line) => stepOf(line, say)),
          foot: [words.toDate, '', '', say.money(statement.payable.amount)],
          format,
        }),
      ),
      section(
        words.history,
        tableOf({
          title: words.history,
          heads: [words.statement, words.on, words.toDate, words.change],
          rows: [...before, statement].map((one) => [
            say.number(String(one.number)),
            one.issuedAt ? say.day(one.issuedAt) : words.preview,
            say.money(one.payable.amount),
            say.signed(one.change.amount),
          ]),
          format,
        }),
      ),
    ],
    notes: words.notes,
    format,
  })
}

function cardsOf(statement: PayStatement, say: Shown) {
  const { words } = say
  const { change, stated, payable, credited, attainment } = statement
  const back = change.amount.startsWith('-')
  return [
    [back ? words.takenBack : words.change, say.money(back ? change.amount.slice(1) : change.amount), null],
    [words.toDate, say.money(payable.amount), null],
    [words.before, say.money(stated.amount), null],
    [words.credited, say.money(credited), words.ofQuota(say.percent(attainment))],
  ] as const
}

/** One line of a statement as a row. What was taken back and stated before stands elsewhere on the page. */
function stepOf({ code, data }: PayStatement['lines'][number], say: Shown): readonly (readonly Cell[])[] {
  const { words } = say
  const text = (name: string) => String(data[name])
  const upTo = data.upTo == null ? null : say.money(text('upTo'))
  switch (code) {
    case 'kpi.band':
      return [
        [words.band(say.money(text('from')), upTo), say.money(text('credited')), say.percent(text('rate')), say.money(text('amount'))],
      ]
    case 'kpi.reached':
      return [
        [words.reached(say.money(text('from')), upTo), say.money(text('credited')), say.percent(text('rate')), say.money(text('amount'))],
      ]
    case 'kpi.multiplied': {
      const step = words.multiplied(printable(text('by')), say.number(text('figure')), say.number(text('from')))
      return [[step, '', words.times(say.number(text('factor'))), say.money(text('amount'))]]
    }
    case 'kpi.capped':
      return [[words.capped, '', '', say.money(text('cap'))]]
    case 'kpi.below-threshold':
      return [[words.belowThreshold(say.money(text('threshold'))), say.money(text('credited')), '', say.money('0')]]
    default:
      return []
  }
}

function shownIn(locale: Locale, zone: string, currency: string): Shown {
  const language = locale === 'en' ? 'en-GB' : locale
  const cash = new Intl.NumberFormat(language, { style: 'currency', currency })
  const signed = new Intl.NumberFormat(language, { style: 'currency', currency, signDisplay: 'exceptZero' })
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 4 })
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 6 })
  const day = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    year: 'numeric',
    month: locale === 'en' ? 'short' : 'long',
    day: 'numeric',
  })
  // a decimal text is formatted digit by digit, a number only as far as a double goes
  const exactly = (text: string) => text as Intl.StringNumericLiteral
  return {
    words: STATEMENT_WORDS[locale],
    money: (amount) => cash.format(exactly(amount)),
    signed: (amount) => signed.format(exactly(amount)),
    percent: (share) => percent.format(exactly(share)),
    number: (text) => number.format(exactly(text)),
    day: (at) => day.format(at),
  }
}
