import { describe, expect, test } from 'vitest'
import { LOG_COLUMNS, type LogRow, logCsv, simulateLog } from '../src/simulate/index.ts'

const csv = (seed: number) => [...logCsv(simulateLog({ seed }))].join('')
const log = [...simulateLog({ seed: 7 })]
const cases = [...Map.groupBy(log, (row) => row['Case ID']).values()]
const opened = (rows: readonly LogRow[]) => rows[0]!['Complete Timestamp']
const share = (some: number, all: number) => some / all
const shareOf = (column: keyof LogRow, value: string) => share(cases.filter((rows) => rows[0]![column] === value).length, cases.length)

/** Wall times of one form sort as texts. */
const inOrder = (rows: readonly LogRow[]) =>
  rows.every((row, n) => n === 0 || rows[n - 1]!['Complete Timestamp'] <= row['Complete Timestamp'])

describe('the simulated log', () => {
  test('is the same for a seed, to the byte, and another for another', () => {
    expect(csv(7)).toBe(csv(7))
    expect(csv(8)).not.toBe(csv(7))
  })

  test('has the columns of the help-desk log, and no cell is empty', () => {
    expect(csv(7).split('\n')[0]).toBe(
      'Case ID,Activity,Resource,Complete Timestamp,customer,product,seriousness_2,service_level,service_type,support_section,workgroup',
    )
    expect(csv(7).trimEnd().split('\n')).toHaveLength(log.length + 1)
    expect(log.every((row) => LOG_COLUMNS.every((column) => row[column] !== ''))).toBe(true)
  })

  test('has exactly the tickets that were asked for, each in one piece and in order of time', () => {
    expect(cases).toHaveLength(2_000)
    expect(log.filter((row, n) => row['Case ID'] !== log[n - 1]?.['Case ID'])).toHaveLength(2_000)
    expect(cases.every(inOrder)).toBe(true)
    expect(inOrder(cases.map((rows) => rows[0]!))).toBe(true)
  })

  test('has wall times of the months asked for', () => {
    expect(log.every((row) => /^2025\/\d\d\/\d\d \d\d:\d\d:\d\d\.000$/.test(row['Complete Timestamp']))).toBe(true)
  })

  test('has tickets of four service levels in the shares stated', () => {
    const stated = { 'Value 1': 0.08, 'Value 2': 0.27, 'Value 3': 0.45, 'Value 4': 0.2 }
    for (const [level, expected] of Object.entries(stated)) expect(Math.abs(shareOf('service_level', level) - expected)).toBeLessThan(0.03)
  })

  test('comes mostly in office hours, and sometimes at night and at weekends', () => {
    const hours = cases.map((rows) => Number(opened(rows).slice(11, 13)))
    expect(share(hours.filter((hour) => hour >= 8 && hour < 18).length, 2_000)).toBeGreaterThan(0.85)
    expect(hours.filter((hour) => hour < 8 || hour >= 18).length).toBeGreaterThan(100)
    expect(hours.every((hour) => hour >= 4 && hour < 23)).toBe(true)
  })

  test('waits, reopens, and leaves a few open', () => {
    const having = (does: (activities: readonly string[]) => boolean) =>
      share(cases.filter((rows) => does(rows.map((row) => row.Activity))).length, cases.length)
    const waited = having((all) => all.includes('Wait'))
    const reopened = having(
      (all) => all.lastIndexOf('Take in charge ticket') > all.indexOf('Resolve ticket') && all.includes('Resolve ticket'),
    )
    const unresolved = having((all) => !all.includes('Resolve ticket'))
    expect(waited).toBeGreaterThan(0.2)
    expect(waited).toBeLessThan(0.3)
    expect(reopened).toBeGreaterThan(0.03)
    expect(reopened).toBeLessThan(0.1)
    expect(unresolved).toBeGreaterThan(0.02)
    expect(unresolved).toBeLessThan(0.1)
  })

  test('has a bad team and a bad month', () => {
    const days = (rows: readonly LogRow[]) => {
      const done = rows.find((row) => row.Activity === 'Resolve ticket')
      return done ? [(at(done) - at(rows[0]!)) / 86_400_000] : []
    }
    const medianOf = (some: readonly (readonly LogRow[])[]) => {
      const sorted = some.flatMap(days).sort((a, b) => a - b)
      return sorted[Math.floor(sorted.length / 2)]!
    }
    const slow = medianOf(cases.filter((rows) => rows[0]!.workgroup === 'Team 3'))
    for (const team of ['Team 1', 'Team 2', 'Team 4'])
      expect(slow).toBeGreaterThan(1.3 * medianOf(cases.filter((rows) => rows[0]!.workgroup === team)))
    const months = Map.groupBy(cases, (rows) => opened(rows).slice(0, 7))
    const bad = months.get('2025/08')!
    expect(Math.max(...[...months.values()].map((rows) => rows.length))).toBe(bad.length)
    expect(medianOf(bad)).toBeGreaterThan(1.3 * medianOf(cases))
  })

  test('is written by the clock of its zone', () => {
    const elsewhere = [...simulateLog({ seed: 7, tickets: 200, from: '2024-02-29', months: 2, zone: 'Asia/Shanghai' })]
    const taken = elsewhere.filter((row) => row.Activity === 'Take in charge ticket').map((row) => row['Complete Timestamp'])
    expect(taken.every((time) => time.slice(11, 13) >= '08' && time.slice(11) <= '18:00:00.000')).toBe(true)
    expect(opened(elsewhere) >= '2024/02/29').toBe(true)
    expect(elsewhere.every((row) => row['Complete Timestamp'] < '2024/04/29')).toBe(true)
  })

  test('refuses an order that makes no sense', () => {
    expect(() => [...simulateLog({ seed: 1, tickets: 0 })]).toThrow('simulated log was refused')
    expect(() => [...simulateLog({ seed: 1.5 })]).toThrow('seed')
    expect(() => [...simulateLog({ seed: 1, from: '2025-13-01' })]).toThrow('use a real date')
    expect(() => [...simulateLog({ seed: 1, zone: 'Mars/Olympus' })]).toThrow('IANA')
  })

  test('can be small', () => {
    const small = [...simulateLog({ seed: 3, tickets: 1, months: 1 })]
    expect(new Set(small.map((row) => row['Case ID']))).toEqual(new Set(['Case 1']))
  })
})

const at = (row: LogRow): number => Date.parse(`${row['Complete Timestamp'].replaceAll('/', '-').replace(' ', 'T')}Z`)
