import { AXIS, FIELD_EDGE, FONT, GRID_LINES, INK, LEGEND, MUTED, STILL, stepsLegend, WIDTH } from '../report/chart-style.ts'
import { colour } from '../report/style.ts'
import type { Chart, ChartOption } from '../report/svg.ts'
import type { SegmentFormat } from './format.ts'
import { type SegmentReport, TIERS } from './model.ts'

/** Heat steps run from dark to pale; here more is darker. */
const heat = (step: number) => colour(`heat${(5 - step) as 0 | 1 | 2 | 3 | 4 | 5}`)
const heatInk = (step: number) => colour(`heatInk${(5 - step) as 0 | 1 | 2 | 3 | 4 | 5}`)

interface Field {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly step: number
}

/** A field for each pair, the darker the higher its step. */
function fields(
  i: {
    readonly id: string
    readonly title: string
    readonly describes: string
    readonly columns: readonly string[]
    readonly rows: readonly string[]
    readonly axes: readonly [x: string, y: string]
    readonly steps: readonly string[]
  },
  cells: readonly Field[],
): Chart {
  const name = { nameLocation: 'middle' as const, nameTextStyle: MUTED }
  const texts = new Map(cells.map(({ x, y, text }) => [`${x} ${y}`, text]))
  const option: ChartOption = {
    grid: { left: 150, right: 24, top: 8, bottom: 104 },
    xAxis: { type: 'category', data: [...i.columns], axisLabel: INK, ...AXIS, name: i.axes[0], nameGap: 30, ...name },
    yAxis: { type: 'category', inverse: true, data: [...i.rows], axisLabel: INK, ...AXIS, name: i.axes[1], nameGap: 110, ...name },
    visualMap: stepsLegend(
      2,
      i.steps.map((label, step) => ({ label, color: heat(step) })),
    ),
    series: [
      {
        type: 'heatmap',
        data: cells.map(({ x, y, step }) => ({ value: [x, y, step], label: { color: heatInk(step) } })),
        itemStyle: FIELD_EDGE,
        label: { show: true, ...FONT, formatter: ({ value }) => texts.get((value as number[]).slice(0, 2).join(' ')) ?? '' },
        ...STILL,
      },
    ],
  }
  return { id: i.id, title: i.title, describes: i.describes, width: WIDTH, height: 120 + 46 * i.rows.length, option }
}

const MAP_FROM = [0, 0.01, 0.03, 0.06, 0.12] as const

/** Customers by recency and frequency, coloured by their share of the amount. */
export function mapChart(report: SegmentReport, format: SegmentFormat): Chart {
  const { words } = format
  const scores = [1, 2, 3, 4, 5]
  const of = (recency: number, frequency: number) => report.map.find((cell) => cell.recency === recency && cell.frequency === frequency)
  const shareOf = (amount: number) => (report.total.amount === 0 ? 0 : amount / report.total.amount)
  const cells = scores.flatMap((frequency, x) =>
    scores.map((_, y): Field => {
      const cell = of(5 - y, frequency)
      const share = shareOf(cell?.amount ?? 0)
      const step = share === 0 ? 0 : MAP_FROM.filter((from) => share >= from).length
      return { x, y, text: format.count(cell?.customers ?? 0), step }
    }),
  )
  const best = of(5, 5)
  const about = {
    id: 'map',
    title: words.rfmMap,
    describes: words.mapSays(format.count(best?.customers ?? 0), format.share(shareOf(best?.amount ?? 0))),
    columns: scores.map(String),
    rows: [...scores].reverse().map(String),
    axes: [words.mapAxes[1], words.mapAxes[0]] as const,
    steps: words.shareSteps,
  }
  return fields(about, cells)
}

/** A pair of bars for each tier. */
function pairs(
  i: { readonly id: string; readonly title: string; readonly describes: string; readonly tiers: readonly string[]; readonly label: string },
  bars: readonly { readonly name: string; readonly data: readonly number[]; readonly text: (value: number) => string }[],
): Chart {
  const option: ChartOption = {
    grid: { left: 110, right: 80, top: 36, bottom: 26 },
    legend: LEGEND,
    xAxis: { type: 'value', axisLabel: { ...MUTED, formatter: i.label }, ...GRID_LINES },
    yAxis: { type: 'category', inverse: true, data: [...i.tiers], axisLabel: INK, ...AXIS },
    series: bars.map(({ name, data, text }, n) => ({
      type: 'bar' as const,
      name,
      data: [...data],
      itemStyle: { color: colour(n === 0 ? 'barPale' : 'bar') },
      barMaxWidth: 16,
      label: { show: true, position: 'right' as const, ...INK, formatter: ({ value }: { value?: unknown }) => text(value as number) },
      ...STILL,
    })),
  }
  return { id: i.id, title: i.title, describes: i.describes, width: WIDTH, height: 80 + 50 * i.tiers.length, option }
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100)

/** Share of customers and of the amount by tier. */
export function tiersChart(report: SegmentReport, format: SegmentFormat): Chart {
  const { words } = format
  const { total } = report
  const lines = [...report.tiers].reverse()
  const shares = lines.map((line) => [percent(line.customers, total.customers), percent(line.amount, total.amount)] as const)
  const said = lines.map(({ tier }, n) =>
    words.tiersSay(words.tiers[tier], format.share(shares[n]![0] / 100), format.share(shares[n]![1] / 100)),
  )
  const about = {
    id: 'tiers',
    title: words.tiersTitle,
    describes: said.join(' '),
    tiers: lines.map(({ tier }) => words.tiers[tier]),
    label: '{value}%',
  }
  const text = (value: number) => format.share(value / 100)
  return pairs(about, [
    { name: words.shareOfCustomers, data: shares.map(([customers]) => customers), text },
    { name: words.shareOfAmount, data: shares.map(([, amount]) => amount), text },
  ])
}

/** Purchases of the second half by tier of the first: expected and happened. */
export function foretoldChart(foretold: NonNullable<SegmentReport['foretold']>, format: SegmentFormat): Chart {
  const { words } = format
  const lines = [...foretold].reverse()
  const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0)
  const [expected, happened] = [lines.map((line) => Math.round(line.expected)), lines.map((line) => line.happened)]
  const about = {
    id: 'foretold',
    title: words.foretold,
    describes: words.foretoldSays(format.count(sum(lines.map((line) => line.expected))), format.count(sum(happened))),
    tiers: lines.map(({ tier }) => words.tiers[tier]),
    label: '{value}',
  }
  return pairs(about, [
    { name: words.expected, data: expected, text: format.count },
    { name: words.happened, data: happened, text: format.count },
  ])
}

const MIGRATION_FROM = [0, 0.05, 0.15, 0.3, 0.5] as const
const MIGRATION_STEPS = ['0%', '< 5%', '5–15%', '15–30%', '30–50%', '≥ 50%']

/** A row of shares for each tier of the first half: the tiers of the second, and no purchase. */
export function migrationRows(report: SegmentReport) {
  const { tiers, counts, left } = report.migration
  return TIERS.filter((tier) => tiers.some((one) => one.tier === tier))
    .reverse()
    .map((tier) => {
      const place = tiers.findIndex((one) => one.tier === tier)
      const to = [...counts[place]!].reverse()
      return { tier, of: to.reduce((sum, one) => sum + one, left[place]!), to: [...to, left[place]!] }
    })
}

export function migrationChart(report: SegmentReport, format: SegmentFormat): Chart {
  const { words } = format
  const rows = migrationRows(report)
  const cells = rows.flatMap(({ to, of }, y) =>
    to.map((n, x): Field => {
      const share = of === 0 ? 0 : n / of
      return { x, y, text: format.share(share), step: share === 0 ? 0 : MIGRATION_FROM.filter((from) => share >= from).length }
    }),
  )
  const stayed = rows.reduce((sum, { to }, n) => sum + to[n]!, 0)
  const all = rows.reduce((sum, { of }) => sum + of, 0)
  const about = {
    id: 'migration',
    title: words.migration(report.half),
    describes: words.migrationSays(format.count(stayed), format.count(all)),
    columns: [...rows.map(({ tier }) => words.tiers[tier]), words.nothing],
    rows: rows.map(({ tier }) => words.tiers[tier]),
    axes: [words.after, words.before] as const,
    steps: MIGRATION_STEPS,
  }
  return fields(about, cells)
}
