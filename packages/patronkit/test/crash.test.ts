import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { logCsv, simulateLog } from '../src/simulate/index.ts'

const ROUNDS = process.env.PATRONKIT_DEEP ? 50 : 4
const folder = mkdtempSync(join(tmpdir(), 'patronkit-crash-'))
afterAll(() => rmSync(folder, { recursive: true }))
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const log = join(folder, 'log.csv')

/** The command in a process of its own, so that it can be killed like one. */
function start(name: string) {
  const rules = ['mapping', 'policy', 'calendar'].flatMap((file) => [`--${file}`, here(`../../../examples/helpdesk/${file}.json`)])
  const [db, html] = [join(folder, `${name}.db`), join(folder, `${name}.html`)]
  const args = ['--conditions=patronkit-source', here('../src/bin.ts'), 'sla', 'report', log, ...rules, '--db', db, '--html', html]
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  return { child, ended, db, html }
}

/** How many facts are in the database; the killed process leaves it readable. */
function factsIn(file: string): number {
  if (!existsSync(file)) return 0
  const db = new DatabaseSync(file)
  try {
    return (db.prepare('select count(*) as n from patronkit_sla_fact').get() as { n: number }).n
  } catch {
    return 0 // killed before the tables were there
  } finally {
    db.close()
  }
}

test('killed in the middle of an import, the next run gives the report of one clean run', { timeout: ROUNDS * 60_000 }, async () => {
  writeFileSync(log, '')
  for (const text of logCsv(simulateLog({ seed: 11, tickets: 1_500 }))) appendFileSync(log, text)
  const clean = start('clean')
  expect(await clean.ended).toEqual([0, null])
  const page = readFileSync(clean.html, 'utf8')
  const all = factsIn(clean.db)

  let inTheMiddle = 0
  for (let round = 0; round < ROUNDS; round++) {
    const killed = start(`killed-${round}`)
    // wait until some of it is written, then a moment more, another one each round
    const watch = sleep(0).then(async () => {
      while (killed.child.exitCode === null && factsIn(killed.db) === 0) await sleep(5)
      await sleep((round * 37) % 150)
      killed.child.kill('SIGKILL')
    })
    await Promise.all([watch, killed.ended])
    const written = factsIn(killed.db)
    if (written > 0 && written < all) inTheMiddle++
    expect(await start(`killed-${round}`).ended).toEqual([0, null])
    expect(factsIn(killed.db)).toBe(all)
    expect(readFileSync(killed.html, 'utf8')).toBe(page)
  }
  expect(inTheMiddle).toBeGreaterThan(0)
  figure('imports killed with SIGKILL and resumed', ROUNDS, 'rounds')
  figure('of these, killed with some but not all facts written', inTheMiddle, 'rounds')
})
