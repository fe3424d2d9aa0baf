import type { Locale } from '@patronkit/core'
import { busiest, heatChart, levelsChart, monthsChart } from './charts.ts'
import { type Format, formatOf, judged, mainMetric, printable } from './format.ts'
import { html, type Markup, trusted } from './markup.ts'
import type { Report, Row } from './model.ts'
import { processSection } from './page-process.ts'
import { attainmentTable, levelMonthTable } from './page-tables.ts'
import { STYLE } from './style.ts'
import { type Chart, svgOf } from './svg.ts'
import { worstTickets } from './worst.ts'

/**
 * The report as one HTML file: no script, nothing fetched, light and dark, for screen and paper. The same report gives the
 * same bytes. Every text that comes from the log is escaped.
 */
export function reportPage(i: { readonly report: Report; readonly locale: Locale }): string {
  const { report, locale } = i
  const format = formatOf(report, locale)
  const { words } = format
  const page = html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
<title>${words.title}</title>
<style>
${trusted(STYLE)}
</style>
</head>
<body>
<header>
<h1>${words.title}</h1>
<p>${words.asOf(format.instant(report.asOf), report.zone)}</p>
<p>${words.policies(report.policies.join(', '))}</p>
<p>${words.rows(format.count(report.rowsRead), format.count(report.rowsUsed), format.count(report.rowsRefused))}</p>
</header>
<main>
${headline(report, format)}
${months(report, format)}
${levels(report, format)}
${levelMonths(report, format)}
${processSection(report, format)}
<section>
<h2>${words.worst}</h2>
${worstTickets(report, format)}
</section>
</main>
<footer>
<h2>${words.definitions}</h2>
<ol class="notes">${words.notes(printable(report.levelAttribute), report.zone).map((note) => html`<li>${note}</li>`)}</ol>
</footer>
</body>
</html>
`
  return page.markup
}

function headline(report: Report, format: Format): Markup {
  const { words } = format
  const { total } = report
  const cards: Markup[] = [card(words.tickets, format.count(total.tickets), null)]
  for (const metric of report.metrics) {
    const attainment = total.metrics[metric]!
    const broken = words.brokenOf(format.count(attainment.breached), format.count(judged(attainment)))
    cards.push(card(format.named(metric, words.attainment), format.share(attainment.share), broken))
  }
  const main = mainMetric(report)
  if (main !== null) {
    const { medianMs, p90Ms } = total.metrics[main]!
    cards.push(card(format.named(main, words.median), format.length(medianMs), `${words.p90} ${format.length(p90Ms)}`))
    for (const [title, rows] of [
      [words.lowestMonth, report.months],
      [words.lowestLevel, report.levels],
    ] as const) {
      const row = lowest(rows, main)
      if (row) cards.push(card(title, format.level(row.of), `${format.metric(main)} ${format.share(row.metrics[main]!.share)}`))
    }
  }
  return html`<dl class="cards">${cards}</dl>`
}

const card = (title: string, figure: string, below: string | null): Markup =>
  html`<div><dt>${title}</dt><dd>${figure}</dd>${below === null ? null : html`<dd>${below}</dd>`}</div>\n`

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
  return html`<section>
<h2>${title}</h2>
${figure(monthsChart(report, format), null)}
${attainmentTable({ title, of: format.words.month, rows: report.months, report, format })}
</section>`
}

function levels(report: Report, format: Format): Markup {
  const { serviceLevel } = format.words
  const chart = levelsChart(report, format)
  return html`<section>
<h2>${chart?.title ?? serviceLevel}</h2>
${figure(chart, allLevelsNote(report, format))}
${attainmentTable({ title: serviceLevel, of: serviceLevel, rows: report.levels, report, format })}
</section>`
}

function levelMonths(report: Report, format: Format): Markup | null {
  const chart = heatChart(report, format)
  if (chart === null) return null
  return html`<section>
<h2>${chart.title}</h2>
${figure(chart, allLevelsNote(report, format))}
${levelMonthTable(report, format)}
</section>`
}

function allLevelsNote(report: Report, format: Format): string | null {
  const shown = busiest(report).length
  return shown === report.levels.length ? null : format.words.busiestLevels(format.count(shown), format.count(report.levels.length))
}

const figure = (chart: Chart | null, note: string | null): Markup | null =>
  chart === null
    ? null
    : html`<figure>
<div class="scroll" role="region" tabindex="0" aria-label="${chart.title}">
${svgOf(chart)}
</div>${note === null ? null : html`<figcaption>${note}</figcaption>`}
</figure>`
