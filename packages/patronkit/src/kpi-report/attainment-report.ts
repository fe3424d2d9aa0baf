import { manualClock, memoryStorage, type Scalar } from '@patronkit/core'
import {
  controlChart,
  createKpi,
  defineMetric,
  defineReportingCalendar,
  defineScorecard,
  type Kpi,
  type Measurement,
  periodOf,
  periodsBetween,
  type ReportingCalendar,
} from '@patronkit/kpi-scoring'
import type { ItemView, Sla } from '@patronkit/sla-engine'
import { allItems } from '../report/figures.ts'
import type { AttainmentReport, ChartedPeriod, GroupAttainment } from './model.ts'

const DESK = 'desk'
const CARD = 'service-levels'
const BATCH = 5_000

/**
 * Every promise that was judged becomes a measurement of the month in which its item was opened; months that are over are closed as a
 * scorecard of equal weights. It is worked out in memory each time, so a promise judged otherwise later is told as it is now.
 */
export async function attainmentReport(i: {
  readonly sla: Sla
  readonly type: string
  readonly asOf: number
  readonly zone: string
  /** The attribute that promises are told apart by. */
  readonly group: string
  readonly metrics: readonly string[]
}): Promise<AttainmentReport> {
  const { asOf, zone, group, metrics } = i
  const calendar: ReportingCalendar = { zone }
  const clock = manualClock(asOf)
  const kpi = createKpi({ storage: memoryStorage(), clock }).for({ tenant: DESK, by: { type: 'system', id: 'patronkit.kpi-report' } })
  await publish(kpi, calendar, metrics)
  const judged: Measurement[] = []
  for await (const item of allItems(i.sla, i.type, asOf)) for (const one of judgedOf(item, group, metrics)) judged.push(one)
  for (let at = 0; at < judged.length; at += BATCH) await kpi.record({ subject: DESK, measurements: judged.slice(at, at + BATCH) })
  const first = judged.reduce((least, { at }) => Math.min(least, at as number), asOf)
  const over = (grain: 'month' | 'quarter') =>
    periodsBetween({ calendar, grain, from: first, to: asOf }).filter(({ to }) => to.getTime() <= asOf)
  const periods = []
  for (const { id: period } of over('month')) periods.push(await closedMonth(kpi, period))
  const [from, to] = over('quarter').slice(-2)
  return {
    kind: 'attainment',
    asOf: new Date(asOf).toISOString(),
    zone,
    group,
    metrics,
    periods,
    charts: Object.fromEntries(
      metrics.map((metric) => [metric, chartOf(judged, metric, calendar, new Set(over('month').map(({ id }) => id)))]),
    ),
    change:
      from && to
        ? { from: from.id, to: to.id, ...(await kpi.compare({ scorecard: CARD, subject: DESK, from: from.id, to: to.id, by: 'group' })) }
        : null,
    groups: groupsOf(judged, metrics),
  }
}

async function publish(kpi: Kpi, calendar: ReportingCalendar, metrics: readonly string[]): Promise<void> {
  await kpi.publish({ definition: defineReportingCalendar({ id: 'months', ...calendar }) })
  for (const metric of metrics) {
    const [met, closed] = namesOf(metric)
    await kpi.publish({ definition: defineMetric({ id: metric, unit: 'share', kind: 'ratio', numerator: met, denominator: closed }) })
  }
  const measures = Object.fromEntries(
    metrics.map((metric) => [metric, { metric, weight: '1', normalise: { kind: 'goalposts', worst: '0', best: '1' } as const }]),
  )
  await kpi.publish({ definition: defineScorecard({ id: CARD, calendar: 'months', aggregate: 'arithmetic', measures }) })
}

const namesOf = (metric: string): readonly [met: string, closed: string] => [`${metric}.met`, `${metric}.closed`]

async function closedMonth(kpi: Kpi, period: string): Promise<AttainmentReport['periods'][number]> {
  const { hash } = await kpi.closePeriod({ idempotencyKey: period, scorecard: CARD, period, subjects: [DESK] })
  const { value, contributions } = await kpi.score({ scorecard: CARD, subject: DESK, period })
  return { period, score: value, metrics: Object.fromEntries(contributions.map(({ measure, raw }) => [measure, raw])), hash }
}

/** Kept and broken promises; those still running are not judged. */
function judgedOf(item: ItemView, group: string, metrics: readonly string[]): readonly Measurement[] {
  const at = item.openedAt.getTime()
  const dimensions: { readonly [name: string]: Scalar } = { group: String(item.attributes[group] ?? '') }
  return item.clocks.flatMap(({ metric, cycle, state }) => {
    if (!metrics.includes(metric) || (state !== 'met' && state !== 'breached')) return []
    const [met, closed] = namesOf(metric)
    const id = `${item.item.id}/${metric}/${cycle}`
    return [
      { id: `${id}/closed`, at, name: closed, value: 1, dimensions },
      { id: `${id}/met`, at, name: met, value: state === 'met' ? 1 : 0, dimensions },
    ]
  })
}

/** The share kept, month by month, against what chance alone would do around the mean of all months. */
function chartOf(
  judged: readonly Measurement[],
  metric: string,
  calendar: ReportingCalendar,
  closed: ReadonlySet<string>,
): AttainmentReport['charts'][string] {
  const [met] = namesOf(metric)
  const mine = judged.filter(({ name }) => name === met)
  const months = [...Map.groupBy(mine, ({ at }) => periodOf({ calendar, at, grain: 'month' }).id)]
    .filter(([period]) => closed.has(period))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([period, ofMonth]) => ({ period, judged: ofMonth.length, met: ofMonth.filter(({ value }) => value === 1).length }))
  const kept = months.reduce((sum, month) => sum + month.met, 0)
  const all = months.reduce((sum, month) => sum + month.judged, 0)
  // without any spread there is nothing that chance could do
  if (all === 0 || kept === 0 || kept === all) {
    const centre = all === 0 ? 0 : kept / all
    return { centre, points: months.map((month) => ({ ...month, share: centre, lower: centre, upper: centre, rules: [] })) }
  }
  const counts = months.map((month) => month.met)
  const { limits, points, signals } = controlChart({ chart: 'p', counts, sizes: months.map((month) => month.judged), rules: 'nelson' })
  return {
    centre: limits.centre,
    points: points.map(({ value, lower, upper }, at): ChartedPeriod => {
      const rules = Object.entries(signals).flatMap(([rule, broken]) => (broken.includes(at + 1) ? [Number(rule)] : []))
      return { ...months[at]!, share: value, lower, upper, rules }
    }),
  }
}

const { compare } = new Intl.Collator('en', { numeric: true })

function groupsOf(judged: readonly Measurement[], metrics: readonly string[]): AttainmentReport['groups'] {
  const byGroup = Map.groupBy(judged, ({ dimensions }) => String(dimensions!.group))
  return [...byGroup]
    .sort(([a], [b]) => compare(a, b))
    .map(([group, mine]) => ({ group, metrics: Object.fromEntries(metrics.map((metric) => [metric, attained(mine, metric)])) }))
}

function attained(judged: readonly Measurement[], metric: string): GroupAttainment {
  const [name] = namesOf(metric)
  const mine = judged.filter((one) => one.name === name)
  const met = mine.filter(({ value }) => value === 1).length
  // cut, not rounded: one breach in 100,000 is not 100 %
  const share = mine.length === 0 ? null : (Math.floor((met * 10_000) / mine.length) / 10_000).toFixed(4)
  return { met, judged: mine.length, share }
}
