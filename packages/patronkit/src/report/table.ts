import type { Locale } from '@patronkit/core'
import stringWidth from 'string-width'
import { type Format, formatOf } from './format.ts'
import type { Report, Row } from './model.ts'

/**
 * The attainment tables for a terminal: one for each metric, a line for each service level and one for all. Columns stay
 * aligned where letters are two cells wide.
 */
export function reportTable(i: { readonly report: Report; readonly locale: Locale }): string {
  const { report, locale } = i
  const format = formatOf(report, locale, '-')
  const rows = [...report.levels, report.total]
  return [
    format.words.asOf(format.instant(report.asOf), report.zone),
    ...report.metrics.flatMap((metric) => ['', format.metric(metric), ...aligned(linesOf(rows, metric, format))]),
  ].join('\n')
}

function linesOf(rows: readonly Row[], metric: string, format: Format): readonly (readonly string[])[] {
  const { words } = format
  const header = [words.serviceLevel, words.tickets, words.attainment, words.breached, words.open, words.median, words.p90]
  const lines = rows.map((row) => {
    const { share, breached, open, medianMs, p90Ms } = row.metrics[metric]!
    return [
      format.level(row.of),
      format.count(row.tickets),
      format.share(share),
      format.count(breached),
      format.count(open),
      format.length(medianMs),
      format.length(p90Ms),
    ]
  })
  return [header, ...lines]
}

/** The first column to the left, figures to the right, a rule under the header and one over the total. */
function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => stringWidth(line[column]!))))
  const written = lines.map((line) =>
    line
      .map((cell, column) => {
        const room = ' '.repeat(widths[column]! - stringWidth(cell))
        return column === 0 ? cell + room : room + cell
      })
      .join('  '),
  )
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [written[0]!, rule, ...written.slice(1, -1), rule, written.at(-1)!]
}
