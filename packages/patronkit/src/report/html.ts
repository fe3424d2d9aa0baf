import type { Locale } from '@patronkit/core'
import { busiest, heatChart, levelsChart, monthsChart } from './charts.ts'
import { figure } from './figure.ts'
import { type Format, formatOf, judged, mainMetric, printable } from './format.ts'
import type { Markup } from './markup.ts'
import type { Report, Row } from './model.ts'
import { type Card, cards, pageOf, section } from './page.ts'
import { processSection } from './page-process.ts'
import { attainmentTable, levelMonthTable } from './page-tables.ts'
import { worstTickets } from './worst.ts'

/**
 * The report as one HTML file: no script, nothing fetched, light and dark, for screen and paper. The same report gives the
 * same bytes. Every text that comes from the log is escaped.
 */
export function reportPage(i: { readonly report: Report; readonly locale: Locale }): string {
  const { report, locale } = i
  const format = formatOf(report, locale)
  const { words } = format
  return pageOf({
    title: words.title,
    below: [
      words.asOf(format.instant(report.asOf), report.zone),
      words.policies(report.policies.join(', ')),
      words.rows(format.count(report.rowsRead), format.count(report.rowsUsed), format.count(report.rowsRefused)),
    ],
    main: [
      headline(report, format),
      months(report, format),
      levels(report, format),
      levelMonths(report, format),
      processSection(report, format),
      section(words.worst, worstTickets(report, format)),
    ],
    notes: words.notes(printable(report.levelAttribute), report.zone),
    format: { locale, words },
  })
}

function headline(report: Report, format: Format): Markup {
  const { words } = format
  const { total } = report
  const shown: Card[] = [[words.tickets, format.count(total.tickets), null]]
  for (const metric of report.metrics) {
    const attainment = total.metrics[metric]!
    const broken = words.brokenOf(format.count(attainment.breached), format.count(judged(attainment)))
    shown.push([format.named(metric, words.attainment), format.share(attainment.share), broken])
  }
  const main = mainMetric(report)
  if (main !== null) {
    const { medianMs, p90Ms } = total.metrics[main]!
    shown.push([format.named(main, words.median), format.length(medianMs), `${words.p90} ${format.length(p90Ms)}`])
    for (const [title, rows] of [
      [words.lowestMonth, report.months],
      [words.lowestLevel, report.levels],
    ] as const) {
      const row = lowest(rows, main)
      if (row) shown.push([title, format.level(row.of), `${format.metric(main)} ${format.share(row.metrics[main]!.share)}`])
    }
  }
  return cards(shown)
}

/** A share of fewer says more about chance than about the desk. */
const FEWEST_JUDGED = 10

/** The row of the lowest attainment; undefined where there are not two to compare. */
function lowest(rows: readonly Row[], metric: string): Row | undefined {
  const share = (row: Row) => row.metrics[metric]!.met / judged(row.metrics[metric]!)
  const known = rows.filter((row) => judged(row.metrics[metric]!) >= FEWEST_JUDGED)
  return known.length < 2 ? undefined : known.reduce((low, row) => (share(row) < share(low) ? row : low))
}

const months = (report: Report, format: Format): Markup => {
  const title = format.words.attainmentByMonth
  const table = attainmentTable({ title, of: format.words.month, rows: report.months, report, format })
  return section(title, figure(monthsChart(report, format), null), table)
}

function levels(report: Report, format: Format): Markup {
  const { serviceLevel } = format.words
  const chart = levelsChart(report, format)
  const table = attainmentTable({ title: serviceLevel, of: serviceLevel, rows: report.levels, report, format })
  return section(chart?.title ?? serviceLevel, chart && figure(chart, allLevelsNote(report, format)), table)
}

function levelMonths(report: Report, format: Format): Markup | null {
  const chart = heatChart(report, format)
  if (chart === null) return null
  return section(chart.title, figure(chart, allLevelsNote(report, format)), levelMonthTable(report, format))
}

function allLevelsNote(report: Report, format: Format): string | null {
  const shown = busiest(report).length
  return shown === report.levels.length ? null : format.words.busiestLevels(format.count(shown), format.count(report.levels.length))
}
