import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-migrating-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a process said: the steps it applied, and the lines of drift it saw afterwards. */
async function migrates(file: string): Promise<string> {
  const script = fileURLToPath(new URL('./migrate-worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=patronkit-source', script, file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  await once(child, 'close')
  return said.trim()
}

test('processes that migrate one new SQLite file at the same time apply each step once, and all find it done', async () => {
  const rounds = process.env.PATRONKIT_DEEP ? 20 : 2
  for (let round = 0; round < rounds; round++) {
    const file = join(folder, `${round}.db`)
    const said = await Promise.all(Array.from({ length: 4 }, () => migrates(file)))
    expect(said.sort()).toEqual(['0 0', '0 0', '0 0', '3 0'])
  }
  figure('four processes migrate one new SQLite file at once, each step applied once', rounds, 'runs in a row')
})
