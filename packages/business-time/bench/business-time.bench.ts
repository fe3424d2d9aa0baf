import { createRequire } from 'node:module'
import { addWorkingTime, compileCalendar, defineCalendar, type TimeRange, workingTimeBetween } from '@patronkit/business-time'
import { type Contender, heapGrowth, interleave, machine, ratio, table, time, writeReadme } from '../../../bench/measure.ts'

// The peers know one calendar per process, in the zone of the host: Mondays to Fridays 09:00 to 17:00, UTC, no holidays.
process.env.TZ = 'UTC'

interface Peer {
  addBusinessHours(hours: number): { valueOf(): number }
  businessHoursDiff(to: Peer): number
}
interface OtherPeer {
  addWorkingTime(amount: number, unit: 'hours'): { valueOf(): number }
  workingDiff(to: OtherPeer, unit: 'hours'): number
}

const require = createRequire(import.meta.url)
const dayjs = require('dayjs') as { (at: number): Peer; extend(plugin: unknown): void }
const plugin = require('dayjs-business-time') as { default?: unknown }
dayjs.extend(plugin.default ?? plugin)
const moment = require('moment-business-time') as (at: number) => OtherPeer

const HOUR = 3_600_000
const DAY = 24 * HOUR
const nine: readonly TimeRange[] = [['09:00', '17:00']]
const week = { mon: nine, tue: nine, wed: nine, thu: nine, fri: nine }
const decade = { from: '2020-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z' } as const

/** Ours has the harder calendar: a zone with summer time, 300 holidays and 300 breaks in ten years. */
const newYork = defineCalendar({
  id: 'new-york',
  zone: 'America/New_York',
  week,
  holidays: spread(300, 5),
  breaks: Object.fromEntries(spread(300, 0).map((date) => [date, [['12:00', '12:30']]])),
})
const utc = defineCalendar({ id: 'utc', zone: 'UTC', week })

/** Dates spread evenly over the decade. */
function spread(count: number, shift: number): `${number}-${number}-${number}`[] {
  const step = (3650 * DAY) / count
  return Array.from(
    { length: count },
    (_, i) => new Date(Date.parse(decade.from) + shift * DAY + i * step).toISOString().slice(0, 10) as `${number}-${number}-${number}`,
  )
}

/** A million working instants of 2021 in random order, from a fixed seed (Numerical Recipes' generator). */
const starts = new Float64Array(1 << 20)
for (let i = 0, seed = 1; i < starts.length; i++) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  const monday = Date.UTC(2021, 0, 4) + (seed % 50) * 7 * DAY
  starts[i] = monday + ((seed >>> 8) % 5) * DAY + 9 * HOUR + ((seed >>> 11) % 480) * 60_000
}

const index = compileCalendar({ calendar: newYork, ...decade })
const start = (i: number) => starts[i & (starts.length - 1)]!

function sum(times: number, once: (i: number) => number): number {
  let total = 0
  for (let i = 0; i < times; i++) total += once(i)
  return total
}

function addIndexed(ms: number): (times: number) => number {
  return (times) => {
    let total = 0
    for (let i = 0; i < times; i++) total += index.add(start(i), ms)
    return total
  }
}

function withinYear(times: number): number {
  let total = 0
  for (let i = 0; i < times; i++) total += index.within(start(i), start(i) + 365 * DAY)
  return total
}

// A batch takes a few milliseconds on each side, so that other work on the machine disturbs some rounds and not the median.
const OURS = 100_000
const NAMED = 5_000

const adding = (hours: number, peerTimes: number): readonly Contender[] => [
  { name: 'index', times: OURS, run: addIndexed(hours * HOUR) },
  {
    name: 'named',
    times: NAMED,
    run: (n) => sum(n, (i) => addWorkingTime({ calendar: index, at: start(i), duration: { workingHours: hours } }).getTime()),
  },
  { name: 'dayjs', times: peerTimes, run: (n) => sum(n, (i) => dayjs(start(i)).addBusinessHours(hours).valueOf()) },
  { name: 'moment', times: peerTimes, run: (n) => sum(n, (i) => moment(start(i)).addWorkingTime(hours, 'hours').valueOf()) },
]

const year: readonly Contender[] = [
  { name: 'index', times: OURS, run: withinYear },
  {
    name: 'named',
    times: NAMED,
    run: (n) => sum(n, (i) => workingTimeBetween({ calendar: index, from: start(i), to: start(i) + 365 * DAY })),
  },
  { name: 'dayjs', times: 1, run: (n) => sum(n, (i) => dayjs(start(i)).businessHoursDiff(dayjs(start(i) + 365 * DAY))) },
  { name: 'moment', times: 2, run: (n) => sum(n, (i) => moment(start(i)).workingDiff(moment(start(i) + 365 * DAY), 'hours')) },
]

const compiling: readonly Contender[] = [
  { name: 'index', times: 1, run: (n) => sum(n, () => compileCalendar({ calendar: newYork, ...decade }).within(start(0), start(1) + DAY)) },
  year[2]!,
]

/** The three must agree before they may race. */
function agree(): void {
  const plain = compileCalendar({ calendar: utc, ...decade })
  for (let i = 0; i < 50; i++) {
    const at = start(i)
    const ours = plain.add(at, 100 * HOUR)
    const theirs = [dayjs(at).addBusinessHours(100).valueOf(), moment(at).addWorkingTime(100, 'hours').valueOf()]
    // A peer may answer the opening where ours answers the close: no working time lies between.
    if (theirs.some((answer) => plain.within(Math.min(ours, answer), Math.max(ours, answer)) > 0)) {
      throw new Error(`100 h from ${new Date(at).toISOString()}: ${ours} against ${theirs.join(', ')}`)
    }
  }
}

/** Measures, prints, and writes the README's table; false where a target is missed. */
export function run(): boolean {
  agree()
  const rounds = 61
  const cases = [
    ['add 1 h', interleave(adding(1, 100), rounds)],
    ['add 100 h', interleave(adding(100, 10), rounds)],
    ['add 10,000 h', interleave(adding(10_000, 1), rounds)],
    ["a year's working time", interleave(year, rounds)],
  ] as const
  const compile = interleave(compiling, rounds)
  const operations = 10_000_000
  const add = addIndexed(100 * HOUR)
  const bytes = heapGrowth(() => {
    let total = 0
    for (let done = 0; done < operations; done += OURS) total += add(OURS) + withinYear(OURS)
    return total
  })

  const rows = cases.map(([name, ns]) => {
    const of = (who: string) => ns.get(who)!
    return [
      name,
      ratio(of('moment') / of('index')),
      ratio(of('dayjs') / of('index')),
      ...['index', 'named', 'moment', 'dayjs'].map((who) => time(of(who))),
    ]
  })
  const compileRatio = compile.get('index')! / compile.get('dayjs')!
  const text = [
    table(['', 'index against moment', 'index against dayjs', 'index', 'named function', 'moment', 'dayjs'], rows),
    '',
    `Compiling ten years takes ${time(compile.get('index')!)}, as long as ${compileRatio.toPrecision(2)} one-year differences of dayjs-business-time. ` +
      `The index allocates ${bytes < 1e5 ? 'nothing' : `${Math.round(bytes / 1e6)} MB`} in 2 × ${operations.toLocaleString('en-US')} operations (the heap grew by ${Math.round(bytes / 1000)} kB in all).`,
    '',
    `moment-business-time 2.0.0, dayjs-business-time 1.0.4; median of ${rounds} interleaved rounds; ${machine()}. The peers run in UTC without holidays, ` +
      'the index in America/New_York with 300 holidays and 300 breaks, from a million random instants.',
  ].join('\n')
  console.log(text)
  writeReadme(new URL('../README.md', import.meta.url), `\n${text}\n`)

  const target = (name: string, met: boolean) => {
    console.log(`${met ? 'met   ' : 'MISSED'} ${name}`)
    return met
  }
  const [, hundred, , aYear] = cases.map(([, ns]) => ns.get('moment')! / ns.get('index')!)
  return [
    target(`add 100 h, at least 5,000 × moment-business-time: ${ratio(hundred!)}`, hundred! >= 5_000),
    target(`a year's working time, at least 20,000 × moment-business-time: ${ratio(aYear!)}`, aYear! >= 20_000),
    target(
      `ten years compiled in at most 3 one-year differences of dayjs-business-time: ${compileRatio.toPrecision(2)}`,
      compileRatio <= 3,
    ),
  ].every(Boolean)
}
