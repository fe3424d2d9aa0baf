import type { Locale } from '@patronkit/core'
import { AXIS, GRID_LINES, INK, LEGEND, MUTED, STILL, WIDTH } from '../report/chart-style.ts'
import { figure } from '../report/figure.ts'
import { type Cell, cards, pageOf, section, tableOf } from '../report/page.ts'
import { colour } from '../report/style.ts'
import type { Chart, ChartOption } from '../report/svg.ts'
import { type KpiFormat, kpiFormat } from './format.ts'
import type { IndexLine, IndexReport } from './model.ts'

/** Bars that still can be read. */
const MOST_BARS = 25
/** Eight hues in two strengths; more parts than these start again, and the legend and the table tell them apart. */
const FILLS = ['series0', 'series1', 'series2', 'series3', 'barPale', 'heat2', 'heat3', 'faint'] as const

/** An index as one HTML file. The same report gives the same bytes; every text of the tables is escaped. */
export function indexPage(i: { readonly report: IndexReport; readonly locale: Locale }): string {
  const { report } = i
  const format = kpiFormat(i.locale)
  const { words } = format
  const scored = report.units.filter(({ value }) => value !== null)
  return pageOf({
    title: words.indexTitle(report.name),
    below: [words.made(format.count(report.units.length), format.count(report.measures.length), format.count(report.groups.length - 1))],
    main: [
      scored.length === 0 ? null : cards(cardsOf(report, scored, format)),
      scored.length === 0
        ? null
        : section(
            words.scoresByPart,
            figure(
              barsChart(report, scored, format),
              scored.length > MOST_BARS ? words.topOf(format.count(MOST_BARS), format.count(scored.length)) : null,
            ),
          ),
      section(words.ranking, rankingTable(report, format)),
      section(words.withoutTitle, leftOutTable(report, format)),
      section(words.treated, treatedTable(report, format)),
      report.screenedOut.length === 0
        ? null
        : section(
            words.leftOut,
            tableOf({
              title: words.leftOut,
              heads: [words.unit, words.known],
              rows: report.screenedOut.map(({ unit, known }) => [unit, format.share(known)]),
              format,
            }),
          ),
    ],
    notes: words.indexNotes(format.share(report.spread), format.count(report.draws)),
    format,
  })
}

function cardsOf(report: IndexReport, scored: readonly IndexLine[], format: KpiFormat) {
  const { words } = format
  const [first, last] = [scored[0]!, scored.at(-1)!]
  const width = (line: IndexLine) => (line.high ?? 0) - (line.low ?? 0)
  const loosest = scored.reduce((most, line) => (width(line) > width(most) ? line : most))
  const cells = report.measures.length * report.units.length
  return [
    [words.first, first.name, format.score(first.value)],
    [words.last, last.name, format.score(last.value)],
    [words.units, format.count(scored.length), null],
    [words.filled, format.count(report.imputed.length), words.ofCells(format.count(cells))],
    [words.treated, format.count(report.treated.length), words.ofCells(format.count(report.measures.length))],
    [words.firmest, loosest.name, words.placesLow(format.count(loosest.low ?? 0), format.count(loosest.high ?? 0))],
  ] as const
}

function barsChart(report: IndexReport, scored: readonly IndexLine[], format: KpiFormat): Chart {
  const { words } = format
  const shown = scored.slice(0, MOST_BARS)
  const parts = Object.keys(shown[0]!.points)
  const nameOf = new Map(report.groups.map(({ id, name }) => [id, name]))
  const option: ChartOption = {
    grid: { left: 150, right: 24, top: 60, bottom: 34 },
    legend: { ...LEGEND, itemGap: 16 },
    xAxis: {
      type: 'value',
      axisLabel: MUTED,
      ...GRID_LINES,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: shown.map(({ name }) => name),
      axisLabel: { ...INK, width: 136, overflow: 'truncate' as const },
      ...AXIS,
    },
    series: parts.map((part, n) => ({
      type: 'bar' as const,
      stack: 'points',
      name: nameOf.get(part) ?? part,
      data: shown.map(({ points }) => Math.round(points[part]! * 1_000) / 1_000),
      itemStyle: { color: colour(FILLS[n % FILLS.length]!), borderColor: colour('paper'), borderWidth: 1 },
      barMaxWidth: 18,
      ...STILL,
    })),
  }
  const [first, last] = [shown[0]!, shown.at(-1)!]
  const describes = words.chartSays(first.name, format.score(first.value), last.name, format.score(last.value))
  return { id: 'scores', title: words.scoresByPart, describes, width: WIDTH, height: 110 + 24 * shown.length, option }
}

function rankingTable(report: IndexReport, format: KpiFormat) {
  const { words } = format
  const [, ...groups] = report.groups
  return tableOf({
    title: words.ranking,
    heads: [words.unit, words.rank, words.score, ...groups.map(({ name }) => name), words.between],
    rows: report.units.map((line): readonly Cell[] => [
      line.name,
      line.rank === null ? '–' : format.count(line.rank),
      format.score(line.value),
      ...groups.map(({ id }) => format.score(line.scores[id] ?? null)),
      line.low === null || line.high === null ? '–' : `${format.count(line.low)}–${format.count(line.high)}`,
    ]),
    format,
  })
}

function leftOutTable(report: IndexReport, format: KpiFormat) {
  const { words } = format
  const groupOf = new Map(report.groups.map((group) => [group.id, group]))
  return tableOf({
    title: words.withoutTitle,
    heads: [words.without, words.weight, words.placesMoved],
    rows: report.leftOut.map(({ group, meanRankShift }) => [
      groupOf.get(group)?.name ?? group,
      format.share(groupOf.get(group)?.weight ?? null),
      format.score(meanRankShift),
    ]),
    format,
  })
}

function treatedTable(report: IndexReport, format: KpiFormat) {
  const { words } = format
  const nameOf = new Map(report.measures.map(({ id, name }) => [id, name]))
  return tableOf({
    title: words.treated,
    heads: [words.measure, '', words.pulledIn],
    rows: report.treated.map(({ measure, how, units }) => [nameOf.get(measure) ?? measure, words.how[how] ?? how, units.join(', ')]),
    format,
  })
}
