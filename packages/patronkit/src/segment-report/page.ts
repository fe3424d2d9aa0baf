import type { Locale } from '@patronkit/core'
import { figure } from '../report/figure.ts'
import { html } from '../report/markup.ts'
import { type Cell, cards, pageOf, section, tableOf } from '../report/page.ts'
import { foretoldChart, mapChart, migrationChart, migrationRows, tiersChart } from './charts.ts'
import { type SegmentFormat, segmentFormat } from './format.ts'
import type { SegmentReport } from './model.ts'

/** Customers that the page names; the JSON has all. */
const SHOWN = 25

/** The report as one HTML file. The same report gives the same bytes; every text of the tables is escaped. */
export function segmentPage(i: { readonly report: SegmentReport; readonly locale: Locale }): string {
  const { report } = i
  const format = segmentFormat(i.locale)
  const { words } = format
  const months = format.count(report.value?.months ?? 12)
  const discount = format.share(report.value?.discountRate ?? 0)
  return pageOf({
    title: words.title,
    below: [
      words.period(report.from, report.until),
      words.rows(format.count(report.rowsRead), format.count(report.rowsUsed), format.count(report.rowsRefused)),
    ],
    main: [
      cards(cardsOf(report, format)),
      section(words.rfmMap, figure(mapChart(report, format), words.mapNote), segmentTable(report, format)),
      section(words.tiersTitle, figure(tiersChart(report, format), null), tierTable(report, format)),
      section(
        words.valueTitle,
        report.value === null ? html`<p>${words.noValue}</p>\n` : html`<p class="muted">${modelsLine(report.value, format)}</p>\n`,
        report.value === null ? null : valueTable(report, report.value, format),
      ),
      section(
        words.foretold,
        report.foretold === null
          ? html`<p>${words.noForetold}</p>\n`
          : figure(foretoldChart(report.foretold, format), foretoldNote(report.foretold, format)),
      ),
      section(
        words.migration(report.half),
        figure(migrationChart(report, format), words.migrationNote(report.half)),
        migrationTable(report, format),
      ),
      section(words.top, customerTable(report, format), html`<p class="muted">${topNote(report, format)}</p>\n`),
    ],
    notes: words.notes({ months, discount, half: report.half }),
    format,
  })
}

function cardsOf(report: SegmentReport, format: SegmentFormat) {
  const { words } = format
  const best = report.tiers.at(-1)!
  const { total, value } = report
  const months = value && format.count(value.months)
  return [
    [words.customers, format.count(total.customers), null],
    [words.purchases, format.count(report.purchases), null],
    [words.amount, format.amount(total.amount), null],
    [
      words.best,
      format.share(total.amount === 0 ? 0 : best.amount / total.amount),
      words.ofCustomers(format.count(best.customers), format.share(best.customers / total.customers)),
    ],
    ...(value && months
      ? ([
          [words.valueOf(months), format.amount(value.total), null],
          [words.expectedOf(months), format.count(value.expected), null],
        ] as const)
      : []),
  ] as const
}

function segmentTable(report: SegmentReport, format: SegmentFormat) {
  const { words } = format
  const { total } = report
  return tableOf({
    title: words.segment,
    heads: [words.segment, words.customers, words.shareOfCustomers, words.amount, words.shareOfAmount, words.recency, words.purchasesEach],
    rows: report.segments.map((line): readonly Cell[] => [
      format.segment(line.segment),
      format.count(line.customers),
      format.share(line.customers / total.customers),
      format.amount(line.amount),
      format.share(total.amount === 0 ? null : line.amount / total.amount),
      format.one(line.recencyDays),
      format.one(line.purchases),
    ]),
    format,
  })
}

function tierTable(report: SegmentReport, format: SegmentFormat) {
  const { words } = format
  return tableOf({
    title: words.tiersTitle,
    heads: [words.tier, words.from, words.customers, words.amount, words.purchasesEach],
    rows: [...report.tiers]
      .reverse()
      .map((line): readonly Cell[] => [
        words.tiers[line.tier],
        format.amount(line.from),
        format.count(line.customers),
        format.amount(line.amount),
        format.one(line.purchases),
      ]),
    foot: [
      '',
      '',
      format.count(report.total.customers),
      format.amount(report.total.amount),
      format.one(report.purchases / report.total.customers),
    ],
    format,
  })
}

function valueTable(report: SegmentReport, value: NonNullable<SegmentReport['value']>, format: SegmentFormat) {
  const { words } = format
  return tableOf({
    title: words.valueTitle,
    heads: [words.tier, words.customers, words.stillBuying, words.valueOf(format.count(value.months)), words.shareOfValue],
    rows: [...report.tiers]
      .reverse()
      .map((line): readonly Cell[] => [
        words.tiers[line.tier],
        format.count(line.customers),
        format.share(line.alive),
        format.amount(line.value),
        format.share(value.total === 0 || line.value === null ? null : line.value / value.total),
      ]),
    foot: ['', format.count(report.total.customers), '', format.amount(value.total), ''],
    format,
  })
}

function modelsLine({ purchases, spend }: NonNullable<SegmentReport['value']>, format: SegmentFormat): string {
  const said = (of: { readonly [name: string]: number }) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join(', ')
  const { r, alpha, a, b } = purchases
  const { p, q, v } = spend
  return format.words.models({ bg: said({ r, α: alpha, a, b }), spend: said({ p, q, v }) })
}

function foretoldNote(foretold: NonNullable<SegmentReport['foretold']>, format: SegmentFormat): string {
  const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0)
  return format.words.foretoldSays(
    format.count(sum(foretold.map(({ expected }) => expected))),
    format.count(sum(foretold.map(({ happened }) => happened))),
  )
}

function migrationTable(report: SegmentReport, format: SegmentFormat) {
  const { words } = format
  const rows = migrationRows(report)
  const entered = [...report.migration.entered].reverse()
  return tableOf({
    title: words.migration(report.half),
    heads: [words.before, words.customers, ...rows.map(({ tier }) => words.tiers[tier]), words.nothing],
    rows: [
      ...rows.map(({ tier, of, to }): readonly Cell[] => [words.tiers[tier], format.count(of), ...to.map(format.count)]),
      [words.fresh, format.count(entered.reduce((sum, one) => sum + one, 0)), ...entered.map(format.count), '–'],
    ],
    format,
  })
}

function customerTable(report: SegmentReport, format: SegmentFormat) {
  const { words } = format
  const months = format.count(report.value?.months ?? 0)
  return tableOf({
    title: words.top,
    heads: [
      words.customer,
      words.tier,
      words.segment,
      words.score,
      words.purchases,
      words.amount,
      words.recency,
      ...(report.value ? [words.stillBuying, words.expectedOf(months), words.valueOf(months)] : []),
    ],
    rows: report.customers
      .slice(0, SHOWN)
      .map((line): readonly Cell[] => [
        format.text(line.customer),
        words.tiers[line.tier],
        format.segment(line.segment),
        line.score,
        format.count(line.purchases),
        format.amount(line.amount),
        format.count(line.recencyDays),
        ...(report.value ? [format.share(line.alive), format.one(line.expected), format.amount(line.value)] : []),
      ]),
    format,
  })
}

const topNote = (report: SegmentReport, format: SegmentFormat): string =>
  format.words.topOf(format.count(Math.min(SHOWN, report.customers.length)), format.count(report.customers.length))
