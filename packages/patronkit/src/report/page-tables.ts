import { type Format, mainMetric } from './format.ts'
import { html, type Markup } from './markup.ts'
import type { Attainment, Report, Row } from './model.ts'
import { heatStep } from './style.ts'

/** Rows that still can be taken in at a glance; longer tables are folded. */
const MOST_UNFOLDED = 14

/** The attainment of levels or months, metric by metric, with the total below. */
export function attainmentTable(i: {
  readonly title: string
  readonly of: string
  readonly rows: readonly Row[]
  readonly report: Report
  readonly format: Format
}): Markup {
  const { report, format } = i
  const { words } = format
  const columns = [words.attainment, words.breached, words.open, words.median, words.p90]
  const metrics = report.metrics.map((metric) => html`<th colspan="${columns.length}" scope="colgroup">${format.metric(metric)}</th>`)
  const heads = report.metrics.flatMap(() => columns.map((column, n) => html`<th scope="col"${first(n)}>${column}</th>`))
  return framed(
    i.title,
    i.rows.length,
    format,
    html`<thead>
<tr><th rowspan="2" scope="col" class="name">${i.of}</th><th rowspan="2" scope="col">${words.tickets}</th>${metrics}</tr>
<tr>${heads}</tr>
</thead>
<tbody>
${i.rows.map((row) => line(row, report, format))}</tbody>
<tfoot>
${line(report.total, report, format)}</tfoot>`,
  )
}

const line = (
  row: Row,
  report: Report,
  format: Format,
): Markup => html`<tr><th scope="row" class="name">${format.level(row.of)}</th><td>${format.count(
  row.tickets,
)}</td>${report.metrics.flatMap((metric) => cells(row.metrics[metric]!, format))}</tr>
`

const cells = (attainment: Attainment, format: Format): readonly Markup[] =>
  [
    format.share(attainment.share),
    format.count(attainment.breached),
    format.count(attainment.open),
    format.length(attainment.medianMs),
    format.length(attainment.p90Ms),
  ].map((text, n) => html`<td${first(n)}>${text}</td>`)

const first = (n: number): Markup | null => (n === 0 ? html` class="first"` : null)

/** The main metric's attainment, months down and levels across, with the tickets behind each share. */
export function levelMonthTable(report: Report, format: Format): Markup | null {
  const metric = mainMetric(report)
  if (metric === null) return null
  const title = format.words.attainmentByLevelAndMonth(format.metric(metric))
  const cell = (row: Row | null): Markup => {
    const share = row?.metrics[metric]?.share ?? null
    if (row === null || share === null) return html`<td>–</td>`
    return html`<td class="heat heat${heatStep(Number(share))}">${format.share(share)} <small>(${format.count(row.tickets)})</small></td>`
  }
  const heads = report.levels.map((level) => html`<th scope="col">${format.level(level.of)}</th>`)
  return framed(
    title,
    report.months.length,
    format,
    html`<thead>
<tr><th scope="col" class="name">${format.words.month}</th>${heads}</tr>
</thead>
<tbody>
${report.months.map(
  (
    month,
    n,
  ) => html`<tr><th scope="row" class="name">${format.level(month.of)}</th>${report.levelMonths.map((months) => cell(months[n]!))}</tr>
`,
)}</tbody>`,
  )
}

/** A table that scrolls on a narrow screen and, when long, is folded; on paper it is there in any case. */
export function framed(title: string, rows: number, format: Format, inside: Markup): Markup {
  const open = rows <= MOST_UNFOLDED ? html` open` : null
  return html`<details class="table"${open}>
<summary>${format.words.table(title)}</summary>
<div class="scroll" role="region" tabindex="0" aria-label="${title}">
<table>
<caption>${title}</caption>
${inside}
</table>
</div>
</details>`
}
