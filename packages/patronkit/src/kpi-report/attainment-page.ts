import type { Locale } from '@patronkit/core'
import { AXIS, GRID_LINES, LEGEND, MUTED, STILL, WIDTH } from '../report/chart-style.ts'
import { figure } from '../report/figure.ts'
import { printable } from '../report/format.ts'
import type { Markup } from '../report/markup.ts'
import { html } from '../report/markup.ts'
import { type Cell, cards, pageOf, section, tableOf } from '../report/page.ts'
import { colour, heatStep } from '../report/style.ts'
import type { Chart, ChartOption } from '../report/svg.ts'
import { type KpiFormat, kpiFormat } from './format.ts'
import type { AttainmentReport } from './model.ts'

/** A scorecard of promises kept as one HTML file. The same report gives the same bytes. */
export function attainmentPage(i: { readonly report: AttainmentReport; readonly locale: Locale }): string {
  const { report } = i
  const format = kpiFormat(i.locale, report.zone)
  const { words } = format
  return pageOf({
    title: words.attainmentTitle,
    below: [words.asOf(format.instant(report.asOf), report.zone)],
    main: [
      cards(cardsOf(report, format)),
      ...report.metrics.map((metric, n) => chartSection(report, metric, n, format)),
      section(words.byMonth, monthsTable(report, format)),
      changeSection(report, format),
      section(words.byGroup(printable(report.group)), groupsTable(report, format)),
    ],
    notes: words.attainmentNotes(printable(report.group), report.zone),
    format,
  })
}

function cardsOf(report: AttainmentReport, format: KpiFormat): (readonly [string, string, string | null])[] {
  const { words } = format
  const scored = report.periods.filter(({ score }) => score !== null)
  const last = scored.at(-1)
  const lowest = scored.reduce<(typeof scored)[number] | undefined>(
    (least, one) => (least && Number(least.score) <= Number(one.score) ? least : one),
    undefined,
  )
  return [
    ...(last ? [[words.lastMonth, format.share(last.score), last.period] as const] : []),
    ...(lowest ? [[words.lowest, format.share(lowest.score), lowest.period] as const] : []),
    ...report.metrics.map((metric) => {
      const { points } = report.charts[metric]!
      const broken = points.filter(({ rules }) => rules.length > 0).length
      return [
        `${format.metric(metric)}: ${words.signals}`,
        format.count(broken),
        words.signalsIn(format.count(broken), format.count(points.length)),
      ] as const
    }),
    ...(report.change?.change
      ? [[words.change(report.change.from, report.change.to), format.points(report.change.change), null] as const]
      : []),
  ]
}

function chartSection(report: AttainmentReport, metric: string, n: number, format: KpiFormat): Markup | null {
  const { points } = report.charts[metric]!
  if (points.length === 0) return null
  const { words } = format
  const title = words.attainmentOf(format.metric(metric))
  const rows = points.map((point): readonly Cell[] => [
    point.period,
    format.share(point.share),
    words.keptOf(format.count(point.met), format.count(point.judged)),
    `${format.share(point.lower)}–${format.share(point.upper)}`,
    point.rules.length === 0 ? '' : { text: words.rule(point.rules.join(', ')), class: 'over' },
  ])
  const heads = [words.month, words.attainment, '', words.limits, words.signal]
  return section(title, figure(controlChartOf(report, metric, n, format), null), tableOf({ title, heads, rows, format }))
}

/** The share kept over its limits, which are the wider the fewer were judged; months with a signal stand out. */
function controlChartOf(report: AttainmentReport, metric: string, n: number, format: KpiFormat): Chart {
  const { words } = format
  const { centre, points } = report.charts[metric]!
  const percent = (share: number) => Math.round(share * 10_000) / 100
  const quiet = { ...STILL, connectNulls: false }
  const limit = (of: 'lower' | 'upper', name: string) => ({
    type: 'line' as const,
    name,
    step: 'middle' as const,
    data: points.map((point) => percent(point[of])),
    symbol: 'none',
    lineStyle: { color: colour('muted'), width: 1.5, type: 'dashed' as const },
    itemStyle: { color: colour('muted') },
    ...quiet,
  })
  const lowest = Math.min(...points.map(({ share, lower }) => percent(Math.min(share, lower))))
  const option: ChartOption = {
    grid: { left: 52, right: 24, top: 40, bottom: 30 },
    legend: LEGEND,
    xAxis: {
      type: 'category',
      data: points.map(({ period }) => period),
      axisLabel: MUTED,
      ...AXIS,
    },
    yAxis: {
      type: 'value',
      min: Math.max(0, Math.floor(lowest / 10) * 10),
      max: 100,
      axisLabel: { ...MUTED, formatter: '{value}%' },
      ...GRID_LINES,
    },
    series: [
      limit('upper', words.limits),
      limit('lower', words.limits),
      {
        type: 'line',
        name: words.centre,
        data: points.map(() => percent(centre)),
        symbol: 'none',
        lineStyle: { color: colour('muted'), width: 1.5 },
        itemStyle: { color: colour('muted') },
        ...quiet,
      },
      {
        type: 'line',
        name: words.attainment,
        data: points.map(({ share }) => percent(share)),
        symbol: 'circle',
        symbolSize: 6,
        showAllSymbol: true,
        lineStyle: { color: colour('series0'), width: 2.5 },
        itemStyle: { color: colour('series0') },
        ...quiet,
      },
      {
        type: 'line',
        name: words.signal,
        data: points.map(({ share, rules }) => (rules.length > 0 ? percent(share) : null)),
        symbol: 'diamond',
        symbolSize: 13,
        showAllSymbol: true,
        lineStyle: { width: 0 },
        itemStyle: { color: colour('alarm') },
        ...quiet,
      },
    ],
  }
  const broken = points.filter(({ rules }) => rules.length > 0).length
  const describes = words.controlSays(format.metric(metric), format.share(centre), format.count(points.length), format.count(broken))
  return { id: `control-${n}`, title: words.attainmentOf(format.metric(metric)), describes, width: WIDTH, height: 320, option }
}

function monthsTable(report: AttainmentReport, format: KpiFormat): Markup {
  const { words } = format
  return tableOf({
    title: words.byMonth,
    heads: [words.month, words.score, ...report.metrics.map((metric) => format.metric(metric)), words.closedAs],
    rows: report.periods.map(({ period, score, metrics, hash }) => [
      period,
      heat(score, format),
      ...report.metrics.map((metric) => heat(metrics[metric] ?? null, format)),
      hash.slice(0, 12),
    ]),
    format,
  })
}

const heat = (share: string | null, format: KpiFormat): Cell =>
  share === null ? format.share(null) : { text: format.share(share), class: `heat heat${heatStep(Number(share))}` }

function changeSection(report: AttainmentReport, format: KpiFormat): Markup {
  const { words } = format
  const { change } = report
  if (!change?.effects || change.change === null) return section(words.quarter, html`<p>${words.noChange}</p>\n`)
  const title = words.change(change.from, change.to)
  const causes = (['rate', 'mix', 'target', 'weight'] as const).map((cause) => [cause, words.effects[cause]] as const)
  const says = words.changeSays(format.share(change.before), format.share(change.after), format.points(change.change))
  return section(
    title,
    html`<p>${says}</p>\n`,
    tableOf({
      title,
      heads: ['', ...causes.map(([, name]) => name)],
      rows: change.measures.map((one) => [format.metric(one.measure), ...causes.map(([cause]) => format.points(one[cause]))]),
      foot: [words.sum, ...causes.map(([cause]) => format.points(change.effects![cause]))],
      format,
    }),
  )
}

function groupsTable(report: AttainmentReport, format: KpiFormat): Markup {
  const { words } = format
  const title = words.byGroup(printable(report.group))
  return tableOf({
    title,
    heads: [printable(report.group), ...report.metrics.flatMap((metric) => [format.metric(metric), ''])],
    rows: report.groups.map(({ group, metrics }) => [
      printable(group) || words.noGroup,
      ...report.metrics.flatMap((metric): readonly Cell[] => {
        const { met, judged, share } = metrics[metric]!
        return [heat(share, format), words.keptOf(format.count(met), format.count(judged))]
      }),
    ]),
    format,
  })
}
