import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, memoryStorage } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, expect, test } from 'vitest'
import { main } from '../src/cli.ts'
import { examine } from '../src/doctor.ts'
import { createPatronkit } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a database in good order is found so, and nothing is left behind', async () => {
  const storage = memoryStorage()
  const clock = manualClock('2026-11-24T09:00:00Z')
  const runner = createPatronkit({ storage, clock })
  const findings = await examine({ storage, runner, clock })
  expect(findings.map(({ check, ok }) => `${check} ${ok}`)).toEqual(
    ['schema', 'rights', 'clock', 'zones', 'timers', 'parked', 'feed', 'consumers'].map((check) => `${check} true`),
  )
  expect(await runner.tick()).toMatchObject({ fired: 0, nextDueAt: null })
})

test('work that is late is told', async () => {
  const storage = memoryStorage()
  const clock = manualClock('2026-11-24T09:00:00Z')
  const kit = createPatronkit({ storage, clock })
  const late = { timer: 'set', queue: 'sla', key: 'ticket/T-1', dueAt: clock.now().getTime() } as const
  await storage.commit([{ tenant: 'acme', heads: [], writes: [], events: [], timers: [late] }])
  clock.advance({ hours: 1 })
  const findings = await examine({ storage, runner: kit, clock })
  expect(findings.filter(({ ok }) => !ok)).toEqual([{ check: 'timers', ok: false, found: '3600000 ms' }])
})

test.each([
  ['en', 'tables as declared'],
  ['zh-CN', '数据表与声明一致'],
])('the command looks at a file and says what is wrong (%s)', async (locale, label) => {
  const db = join(folder, `${locale}.db`)
  const storage = sqliteStorage({ file: db })
  const lines: string[] = []
  const out = { print: (line: string) => void lines.push(line), complain: (line: string) => void lines.push(line) }
  expect(await main(['doctor', '--db', db, '--locale', locale], out)).toBe(1)
  expect(lines[0]).toMatch(new RegExp(`^✗ ${label}: `))
  createPatronkit({ storage })
  await storage.schema.migrate()
  await storage.close()
  lines.length = 0
  expect(await main(['doctor', '--db', db, '--locale', locale], out)).toBe(0)
  expect(lines.length).toBe(8)
  expect(lines.every((line) => line.startsWith('✓'))).toBe(true)
})

test('a file that is not there is not made', async () => {
  const complaints: string[] = []
  const out = { print: () => {}, complain: (line: string) => void complaints.push(line) }
  expect(await main(['doctor', '--db', join(folder, 'nowhere.db')], out)).toBe(1)
  expect(complaints[0]).toContain('nowhere.db')
})
