import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../src/cli.ts'
import type { SegmentReport } from '../src/segment-report/model.ts'
import { chanceOf } from '../src/simulate/chance.ts'
import { wellFormed } from './well-formed.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-segments-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const written = (name: string, text: string) => {
  writeFileSync(at(name), text)
  return at(name)
}

async function run(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  return { code: await main(args, { print: say, complain: say }), said: lines.join('\n') }
}

async function report(file: string, ...more: readonly string[]) {
  const outputs = ['--html', at('out.html'), '--json', at('out.json')]
  const { code, said } = await run('segment', 'report', file, ...outputs, ...more)
  expect(said).not.toContain('undefined')
  return {
    code,
    said,
    page: () => readFileSync(at('out.html'), 'utf8'),
    data: () => JSON.parse(readFileSync(at('out.json'), 'utf8')) as SegmentReport,
  }
}

/** 400 customers over a year: some buy every other week, most once. */
function purchases(): string {
  const { next } = chanceOf(11)
  const rows = ['customer,date,amount']
  for (let customer = 0; customer < 400; customer++) {
    const first = Math.floor(next() * 120)
    const every = 10 + next() * 120
    let day = first
    do {
      const date = new Date(Date.UTC(2026, 0, 1) + day * 86_400_000).toISOString().slice(0, 10)
      rows.push(`<c>${customer},${date},${(5 + next() * 60 * (customer % 5)).toFixed(2)}`)
      day += Math.ceil(-Math.log(1 - next()) * every)
    } while (day < 365 && next() < 0.85)
  }
  return rows.join('\n')
}

describe('a log of purchases', () => {
  test('what the page says adds up, escaped, in both languages; the same log gives the same bytes', async () => {
    const file = written('shop.csv', purchases())
    const { code, data, page } = await report(file)
    expect(code).toBe(0)
    const { total, map, segments, tiers, migration, value, foretold, customers } = data()
    const english = page()
    for (const parts of [map, segments, tiers]) {
      expect(parts.reduce((sum, part) => sum + part.customers, 0)).toBe(400)
      expect(parts.reduce((sum, part) => sum + part.amount, 0)).toBeCloseTo(total.amount, 2)
    }
    expect(tiers.reduce((sum, tier) => sum + tier.value!, 0)).toBeCloseTo(value!.total, 6)
    expect(customers).toHaveLength(400)
    const before = migration.counts.reduce((sum, row, n) => sum + row.reduce((a, b) => a + b, migration.left[n]!), 0)
    expect(before).toBe(foretold!.reduce((sum, line) => sum + line.customers, 0))
    wellFormed(english)
    expect(english).toContain('&lt;c&gt;')
    expect(english.match(/<svg /g)).toHaveLength(4)
    await report(file)
    expect(page()).toBe(english)
    await report(file, '--locale', 'zh-CN')
    wellFormed(page())
    expect(page()).toContain('按价值划分的等级')
    expect(page()).toContain('铂金级')
    expect(page()).not.toMatch(/Platinum|Share of|Champions/)
  })
  test('columns are known by their usual names, by name, or by number; refused rows are listed with line and reason', async () => {
    const rows =
      'Kunde;Tag;Betrag\na;2026-01-05;10.00\na;2026-02-05T10:00:00Z;5.5\n;2026-01-01;1\nb;05.01.2026;3\nb;20260301;-3\nb;2026-02-30;3\nb;2026/03/01;7'
    const { said, data } = await report(written('de.csv', rows), '--customer', 'Kunde', '--date', 'Tag', '--amount', 'Betrag')
    expect(data()).toMatchObject({
      rowsRead: 7,
      rowsUsed: 3,
      rowsRefused: 4,
      total: { customers: 2, amount: 22.5 },
      value: null,
      foretold: null,
    })
    expect(said).toContain('Rows read 7 = used 3 + refused 4')
    const refused = readFileSync(at('out.rejected.csv'), 'utf8').trim().split('\n')
    expect(refused.map((line) => line.slice(0, 2))).toEqual(['li', '4,', '5,', '6,', '7,'])
    const named = written('named.csv', 'order_id,Customer ID,Order Date,Revenue\n1,a,2026-01-05,10.00\n')
    expect((await report(named)).data().total).toEqual({ customers: 1, amount: 10 })
    const bare = written('bare.txt', ' a   20260105  2  10.00\n b   20260106  1   4.00\n')
    expect((await report(bare, '--customer', '1', '--date', '2', '--amount', '4')).data().total).toEqual({ customers: 2, amount: 14 })
  })
  test('a file that cannot be used is refused with what to do', async () => {
    expect(await report(written('x.csv', 'who,when,what\na,2026-01-01,3\n'))).toMatchObject({
      code: 1,
      said: expect.stringContaining('--customer NAME'),
    })
    expect(await report(written('y.csv', 'customer,date,amount\n'))).toMatchObject({
      code: 1,
      said: expect.stringContaining('no row that can be used'),
    })
    expect(await report(at('nowhere.csv'))).toMatchObject({ code: 1, said: expect.stringContaining('cannot be read') })
    expect(await run('segment', 'report', 'x.csv')).toMatchObject({ code: 1, said: expect.stringContaining('needs --html') })
  })
})

const cdnow = (name: string) => fileURLToPath(new URL(`../../../../shared/data/cdnow/${name}`, import.meta.url))

describe.runIf(existsSync(cdnow('CDNOW_sample.txt')))('CDNOW', () => {
  test('the sample: a model of 39 weeks expects 1,653.4 purchases in the next 39, and 1,882 happened', async () => {
    const { data } = await report(cdnow('CDNOW_sample.txt'), '--customer', '1', '--date', '3', '--amount', '5')
    const { half, total, foretold, rowsUsed } = data()
    expect([half, total.customers, rowsUsed]).toEqual(['1997-09-30', 2_357, 6_919])
    expect(foretold!.reduce((sum, { expected }) => sum + expected, 0)).toBeCloseTo(1_653.4, 1)
    expect(foretold!.reduce((sum, { happened }) => sum + happened, 0)).toBe(1_882)
  })
  test('everybody: 23,570 customers, 69,659 purchases, from the raw log', async () => {
    const { data, page } = await report(cdnow('CDNOW_master.txt'))
    expect(data()).toMatchObject({ rowsRead: 69_659, rowsRefused: 0, total: { customers: 23_570, amount: 2_500_315.63 } })
    wellFormed(page())
  })
})
