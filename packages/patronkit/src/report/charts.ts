import { HOUR } from '@patronkit/core/service'
import stringWidth from 'string-width'
import { AXIS, FIELD_EDGE, FONT, GRID_LINES, INK, LEGEND, MUTED, STILL, stepsLegend, WIDTH } from './chart-style.ts'
import { type Format, mainMetric } from './format.ts'
import type { Report, Row } from './model.ts'
import { colour, HEAT_FROM, heatStep, seriesColour } from './style.ts'
import type { Chart, ChartOption } from './svg.ts'

/** More levels than these make a picture of nothing; the tables have all. */
const MOST_LEVELS = 16
/** More months than these leave no room for a figure in each cell. */
const MONTHS_WITH_FIGURES = 18
/** Room for the names of levels, in pixels; a longer name is cut, the table has it whole. */
const MOST_NAME_WIDTH = 160

const SYMBOLS = ['circle', 'diamond', 'triangle', 'rect'] as const
const DASHES = ['solid', 'dashed', 'dotted', 'solid'] as const

/** Attainment by month, a line for each metric, over faint bars of the tickets opened. */
export function monthsChart(report: Report, format: Format): Chart {
  const { words } = format
  const most = Math.max(1, ...report.months.map((month) => month.tickets))
  const shares = (metric: string) => report.months.map((month) => percentOf(month.metrics[metric]!.share))
  const lowest = Math.min(100, ...report.metrics.flatMap(shares).filter((share) => share !== null))
  const option: ChartOption = {
    grid: { left: 52, right: 52, top: 44, bottom: 30 },
    legend: { ...LEGEND, itemWidth: 34 },
    xAxis: { type: 'category', data: report.months.map((month) => format.level(month.of)), axisLabel: MUTED, ...AXIS },
    yAxis: [
      {
        type: 'value',
        min: Math.floor(lowest / 20) * 20,
        max: 100,
        axisLabel: { ...MUTED, formatter: '{value}%' },
        name: words.attainment,
        nameTextStyle: MUTED,
        ...GRID_LINES,
      },
      {
        type: 'value',
        // the bars stay in the lower third, below the lines
        max: most * 3,
        interval: tidy(most),
        axisLabel: { ...MUTED, formatter: (value: number) => (value <= most * 1.2 ? format.count(value) : '') },
        name: words.tickets,
        nameTextStyle: MUTED,
        splitLine: { show: false },
      },
    ],
    series: [
      {
        type: 'bar',
        name: words.tickets,
        yAxisIndex: 1,
        data: report.months.map((month) => month.tickets),
        itemStyle: { color: colour('faint') },
        barCategoryGap: '25%',
        ...STILL,
      },
      ...report.metrics.map((metric, n) => ({
        type: 'line' as const,
        name: format.metric(metric),
        data: shares(metric),
        connectNulls: false,
        symbol: SYMBOLS[n % SYMBOLS.length]!,
        symbolSize: report.months.length > 30 ? 5 : 8,
        showAllSymbol: true,
        lineStyle: { color: seriesColour(n), width: 2.5, type: DASHES[n % DASHES.length]! },
        itemStyle: { color: seriesColour(n) },
        ...STILL,
      })),
    ],
  }
  const describes = report.metrics.map((metric) => rangeOf(report.months, metric, format)).join(' ')
  return { id: 'months', title: words.attainmentByMonth, describes, width: WIDTH, height: 340, option }
}

/** Median and 90th percentile of the main metric's working time, a pair of bars for each level; null without a metric. */
export function levelsChart(report: Report, format: Format): Chart | null {
  const metric = mainMetric(report)
  if (metric === null) return null
  const { words } = format
  const levels = busiest(report).map((place) => report.levels[place]!)
  const names = namesOf(levels, format)
  const bars = (name: string, of: 'medianMs' | 'p90Ms', fill: string) => ({
    type: 'bar' as const,
    name,
    data: levels.map((level) => hours(level.metrics[metric]![of])),
    itemStyle: { color: fill },
    barMaxWidth: 16,
    label: { show: true, position: 'right' as const, ...INK },
    ...STILL,
  })
  const option: ChartOption = {
    grid: { left: names.width + 20, right: 60, top: 36, bottom: 44 },
    legend: LEGEND,
    xAxis: {
      type: 'value',
      axisLabel: MUTED,
      name: words.workingHours,
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: MUTED,
      ...GRID_LINES,
    },
    yAxis: { type: 'category', inverse: true, data: names.all, axisLabel: names.label, ...AXIS },
    series: [bars(words.median, 'medianMs', colour('bar')), bars(words.p90, 'p90Ms', colour('barPale'))],
  }
  const describes = levels.map((level) => {
    const { medianMs, p90Ms } = level.metrics[metric]!
    return words.timesOf(format.level(level.of), format.length(medianMs), format.length(p90Ms))
  })
  const height = 90 + 46 * levels.length
  return { id: 'levels', title: words.timeByLevel(format.metric(metric)), describes: describes.join(' '), width: WIDTH, height, option }
}

/** A field for each level and month, the darker the lower the main metric's attainment; null without a metric. */
export function heatChart(report: Report, format: Format): Chart | null {
  const metric = mainMetric(report)
  if (metric === null) return null
  const { words } = format
  const levels = busiest(report)
  const names = namesOf(
    levels.map((place) => report.levels[place]!),
    format,
  )
  const cells = levels.flatMap((place, y) =>
    report.levelMonths[place]!.flatMap((cell, x) => {
      const share = percentOf(cell?.metrics[metric]?.share ?? null)
      return share === null ? [] : [{ x, y, share, step: heatStep(share / 100) }]
    }),
  )
  const figures = report.months.length <= MONTHS_WITH_FIGURES
  const option: ChartOption = {
    grid: { left: names.width + 20, right: 20, top: 8, bottom: 76 },
    xAxis: { type: 'category', data: report.months.map((month) => format.level(month.of)), axisLabel: MUTED, ...AXIS },
    yAxis: {
      type: 'category',
      inverse: true,
      data: names.all,
      axisLabel: names.label,
      ...AXIS,
    },
    visualMap: stepsLegend(
      3,
      stepNames().map((label, step) => ({ label, color: colour(`heat${step as Step}`) })),
    ),
    series: [
      {
        type: 'heatmap',
        data: cells.map(({ x, y, share, step }) => ({
          value: [x, y, share, step],
          label: { color: colour(`heatInk${step}`) },
        })),
        itemStyle: FIELD_EDGE,
        label: { show: figures, ...FONT, formatter: ({ value }) => String(Math.floor((value as number[])[2]!)) },
        ...STILL,
      },
    ],
  }
  const low = cells.filter((cell) => cell.share < 80).length
  const describes = words.cellsWith(format.count(low), format.count(cells.length), '80%')
  const title = words.attainmentByLevelAndMonth(format.metric(metric))
  return { id: 'heat', title, describes, width: WIDTH, height: 96 + 34 * levels.length, option }
}

type Step = ReturnType<typeof heatStep>

/** The places of the levels that a chart shows: those with the most tickets, in the order of the report. */
export const busiest = (report: Report): readonly number[] =>
  report.levels
    .map((level, place) => ({ place, tickets: level.tickets }))
    .sort((a, b) => b.tickets - a.tickets || a.place - b.place)
    .slice(0, MOST_LEVELS)
    .map(({ place }) => place)
    .sort((a, b) => a - b)

function namesOf(levels: readonly Row[], format: Format) {
  const all = levels.map((level) => format.level(level.of))
  const width = Math.min(MOST_NAME_WIDTH, 16 + Math.max(0, ...all.map((name) => stringWidth(name))) * 7)
  return { all, width, label: { ...INK, width, overflow: 'truncate' as const } }
}

/** `< 50%`, `50–70%` … `≥ 95%`. */
const stepNames = (): readonly string[] => {
  const bounds = HEAT_FROM.map((from) => Math.round(from * 100))
  return [`< ${bounds[0]}%`, ...bounds.map((bound, n) => (n === bounds.length - 1 ? `≥ ${bound}%` : `${bound}–${bounds[n + 1]}%`))]
}

const percentOf = (share: string | null): number | null => (share === null ? null : Math.round(Number(share) * 10_000) / 100)

const hours = (ms: number | null): number | null => (ms === null ? null : Math.round(ms / HOUR))

/** A step of 1, 2 or 5 times a power of ten, that fits two or three times. */
function tidy(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(2, most) / 2))
  return Math.max(1, ([5, 2, 1].find((factor) => factor * power * 2 <= most) ?? 1) * power)
}

function rangeOf(rows: readonly Row[], metric: string, format: Format): string {
  const known = rows.filter((row) => row.metrics[metric]!.share !== null)
  if (known.length === 0) return ''
  const share = (row: Row) => Number(row.metrics[metric]!.share)
  const lowest = known.reduce((low, row) => (share(row) < share(low) ? row : low))
  const highest = known.reduce((high, row) => (share(row) > share(high) ? row : high))
  const said = (row: Row) => format.share(row.metrics[metric]!.share)
  return format.words.attainmentRanges(format.metric(metric), said(lowest), lowest.of!, said(highest), highest.of!)
}
