import { stringify } from 'csv-stringify/sync'
import type { AttainmentReport, IndexReport, KpiReport } from './model.ts'

/** The main table of a report as CSV, with ids for heads and numbers as they are, in no language. A text that a spreadsheet would take for a formula is quoted. */
export const reportCsv = (report: KpiReport): string =>
  stringify([...(report.kind === 'index' ? indexRows(report) : attainmentRows(report))], { escape_formulas: true })

function indexRows(report: IndexReport): unknown[][] {
  const groups = report.groups.map(({ id }) => id)
  const rows = report.units.map((line) => [
    line.rank,
    line.id,
    line.name,
    ...groups.map((id) => line.scores[id] ?? ''),
    line.low,
    line.high,
  ])
  return [['rank', 'id', 'name', ...groups, 'rank_low', 'rank_high'], ...rows]
}

function attainmentRows(report: AttainmentReport): unknown[][] {
  const heads = report.metrics.flatMap((metric) => [
    metric,
    `${metric}_met`,
    `${metric}_judged`,
    `${metric}_lower`,
    `${metric}_upper`,
    `${metric}_rules`,
  ])
  const rows = report.periods.map(({ period, score, metrics, hash }) => [
    period,
    score,
    ...report.metrics.flatMap((metric) => {
      const point = report.charts[metric]!.points.find((one) => one.period === period)
      const chart = point ? [point.met, point.judged, point.lower, point.upper, point.rules.join(' ')] : ['', '', '', '', '']
      return [metrics[metric] ?? '', ...chart]
    }),
    hash,
  ])
  return [['month', 'score', ...heads, 'hash'], ...rows]
}
