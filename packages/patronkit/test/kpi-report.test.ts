import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStorage } from '@patronkit/core'
import { parse } from 'csv-parse/sync'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../src/cli.ts'
import { reportFrom } from '../src/commands/sla-report.ts'
import { createPatronkit } from '../src/index.ts'
import { attainmentPage } from '../src/kpi-report/attainment-page.ts'
import { attainmentReport } from '../src/kpi-report/attainment-report.ts'
import { reportCsv } from '../src/kpi-report/csv.ts'
import type { AttainmentReport, IndexReport } from '../src/kpi-report/model.ts'
import { logCsv, simulateLog } from '../src/simulate/index.ts'
import { clock, hasRealLog, helpdesk, REAL_LOG, rulesOfHelpdesk } from './helpdesk.ts'
import { wellFormed } from './well-formed.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-kpi-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const asem = (name: string) => fileURLToPath(new URL(`../../../../shared/data/asem/${name}`, import.meta.url))

async function run(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  return { code: await main(args, { print: say, complain: say }), said: lines.join('\n') }
}

describe('an index out of two tables', () => {
  const meta = `iCode,iName,Parent,Weight,Direction,Denominator,Type
all,Service,,1,1,,Aggregate
speed,Speed,all,3,1,,Aggregate
care,"<b>Care</b> & more",all,1,1,,Aggregate
reply,First reply,speed,1,-1,,Indicator
solve,Time to solve,speed,1,-1,,Indicator
csat,CSAT,care,1,1,,Indicator
reopened,Reopened,care,1,-1,tickets,Indicator
tickets,Tickets,,,,,Denominator
`
  const data = `uCode,uName,area,reply,solve,csat,reopened,tickets
n,=North,EU,41,300,0.9,12,400
s,South,EU,55,280,,30,500
w,West,US,48,310,0.7,9,300
e,East,US,70,400,0.5,60,300
`
  const written = (name: string, text: string) => {
    writeFileSync(at(name), text)
    return at(name)
  }
  const build = async (locale: string) => {
    const args = ['kpi', 'report', written('units.csv', data), '--meta', written('tree.csv', meta), '--group', 'area', '--locale', locale]
    const outputs = ['--html', at(`${locale}.html`), '--csv', at(`${locale}.csv`), '--json', at(`${locale}.json`)]
    return run(...args, ...outputs)
  }

  test('page, table and data say the same; points sum to the score; the same tables give the same bytes', async () => {
    expect((await build('en')).code).toBe(0)
    const report = JSON.parse(readFileSync(at('en.json'), 'utf8')) as IndexReport
    expect(report.units.map(({ id }) => id)).toEqual(['n', 's', 'w', 'e'])
    for (const unit of report.units) expect(Object.values(unit.points).reduce((a, b) => a + b)).toBeCloseTo(unit.value!, 10)
    expect(report.imputed).toMatchObject([{ measure: 'csat', unit: 's', value: 0.9 }])
    const rows = parse(readFileSync(at('en.csv')), { columns: true }) as { [column: string]: string }[]
    expect(rows.map(({ id, all }) => [id, Number(all)])).toEqual(report.units.map(({ id, value }) => [id, value]))
    // no cell that a spreadsheet would run
    expect(rows[0]!.name).toBe("'=North")
    const page = readFileSync(at('en.html'), 'utf8')
    wellFormed(page)
    expect(page).toContain('&lt;b&gt;Care&lt;/b&gt; &amp; more')
    expect((await build('en')).code).toBe(0)
    expect(readFileSync(at('en.html'), 'utf8')).toBe(page)
  })

  test('in Chinese', async () => {
    expect((await build('zh-CN')).said).toContain('报告：')
    const page = readFileSync(at('zh-CN.html'), 'utf8')
    wellFormed(page)
    expect(page).toContain('<html lang="zh-CN">')
    expect(page).toContain('综合指数报告：Service')
  })

  test.each<[string, string, string, string]>([
    ['no root', meta.replace('all,Service,,', 'all,Service,all,'), data, 'without a Parent'],
    ['two roots', meta.replace('speed,Speed,all,', 'speed,Speed,,'), data, 'without a Parent'],
    ['a column that is missing', meta, data.replace('solve', 'solved'), 'has no column solve'],
    ['a value that is no number', meta, data.replace('280', 'fast'), '"fast"'],
    ['a weight that is no number', meta.replace('speed,Speed,all,3', 'speed,Speed,all,x'), data, '"x"'],
    ['no CSV at all', meta, '"', 'cannot be read as CSV'],
  ])('%s is refused with the file and the place', async (_, tree, units, says) => {
    const { code, said } = await run('kpi', 'report', written('u.csv', units), '--meta', written('t.csv', tree), '--html', at('no.html'))
    expect([code, existsSync(at('no.html'))]).toEqual([1, false])
    expect(said).toContain(says)
  })

  test('a command line that is short of something says what', async () => {
    expect((await run('kpi', 'report', 'x.csv')).said).toContain('needs --html')
    expect((await run('kpi', 'report', 'x.csv', '--html', 'y')).said).toContain('--mapping')
    expect((await run('kpi', 'sing')).said).toContain('there is no command')
  })
})

describe.skipIf(!existsSync(asem('ASEM_iData.csv')))("COINr's ASEM example as a report", () => {
  test('Switzerland leads with 68.38; ranks and pillars are those of the vignette', async () => {
    const args = ['kpi', 'report', asem('ASEM_iData.csv'), '--meta', asem('ASEM_iMeta.csv'), '--group', 'EurAsia_group']
    expect((await run(...args, '--html', at('asem.html'), '--json', at('asem.json'))).code).toBe(0)
    const report = JSON.parse(readFileSync(at('asem.json'), 'utf8')) as IndexReport
    expect(report.units.slice(0, 6).map(({ id, value }) => `${id} ${value!.toFixed(2)}`)).toEqual(
      ['CHE 68.38', 'NLD 64.82', 'DNK 64.80', 'NOR 64.47', 'BEL 63.54', 'SWE 63.00'], // biome-ignore format: one line
    )
    expect(report.leftOut.map(({ meanRankShift }) => meanRankShift.toFixed(6))).toContain('3.960784')
    expect([report.units.length, report.measures.length, report.treated.length]).toEqual([51, 49, 15])
    const page = readFileSync(at('asem.html'), 'utf8')
    wellFormed(page)
    expect(page).toContain('<td>68.38</td>')
  })
})

/** The counts of a report, metric by metric, for one of its groups. */
async function attained(
  log: string,
): Promise<{ report: AttainmentReport; total: { [metric: string]: { met: number; breached: number } } }> {
  const storage = memoryStorage()
  const counted = await reportFrom({ log, definitions: helpdesk(), tenant: 'desk', storage, clock })
  const { sla } = createPatronkit({ storage, clock }).for({ tenant: 'desk', by: { type: 'system', id: 'test' } })
  const { zone, levelAttribute: group, metrics } = counted
  return {
    report: await attainmentReport({ sla, type: 'ticket', asOf: Date.parse(counted.asOf), zone, group, metrics }),
    total: counted.total.metrics,
  }
}

function agrees({ report, total }: Awaited<ReturnType<typeof attained>>): void {
  for (const metric of report.metrics) {
    const sum = (of: 'met' | 'judged') => report.groups.reduce((all, { metrics }) => all + metrics[metric]![of], 0)
    expect([sum('met'), sum('judged')]).toEqual([total[metric]!.met, total[metric]!.met + total[metric]!.breached])
    for (const { period, met, judged } of report.charts[metric]!.points) {
      const closed = report.periods.find((one) => one.period === period)!
      expect(Number(closed.metrics[metric])).toBeCloseTo(met / judged, 12)
    }
  }
  const { change } = report
  const effects = Object.values(change!.effects!).reduce((all, effect) => all + Number(effect), 0)
  expect(effects).toBeCloseTo(Number(change!.change), 11)
}

describe('promises kept, as a scorecard', () => {
  test('counts are those of the SLA report, months are closed, effects sum to the change; page and table in both languages', async () => {
    const log = at('log.csv')
    writeFileSync(log, [...logCsv(simulateLog({ seed: 3, tickets: 600, from: '2026-01-01', months: 7 }))].join(''))
    const found = await attained(log)
    agrees(found)
    expect(await attained(log)).toEqual(found)
    for (const locale of ['en', 'zh-CN'] as const) wellFormed(attainmentPage({ report: found.report, locale }))
    const rows = parse(reportCsv(found.report), { columns: true }) as { [column: string]: string }[]
    expect(rows.map(({ month }) => month)).toEqual(found.report.periods.map(({ period }) => period))
  })

  test('the command line writes all three', async () => {
    const rules = rulesOfHelpdesk()
    for (const [name, rule] of Object.entries(rules)) writeFileSync(at(`${name}.json`), JSON.stringify(rule))
    writeFileSync(at('small.csv'), [...logCsv(simulateLog({ seed: 3, tickets: 40 }))].join(''))
    const files = Object.keys(rules).flatMap((name) => [`--${name}`, at(`${name}.json`)])
    const outputs = ['--db', at('small.db'), '--html', at('small.html'), '--csv', at('small-out.csv'), '--json', at('small.json')]
    const { code } = await run('kpi', 'report', at('small.csv'), ...files, ...outputs)
    expect(code).toBe(0)
    wellFormed(readFileSync(at('small.html'), 'utf8'))
    expect((JSON.parse(readFileSync(at('small.json'), 'utf8')) as AttainmentReport).kind).toBe('attainment')
  })

  test.skipIf(!hasRealLog)('the real log: 48 closed months; owning a ticket in time went out of control', async () => {
    const found = await attained(REAL_LOG)
    agrees(found)
    expect(found.report.periods).toHaveLength(48)
    const signals = found.report.charts['time-to-own']!.points.filter(({ rules }) => rules.length > 0)
    expect(signals.length).toBeGreaterThan(20)
  })
})
