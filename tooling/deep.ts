// node tooling/deep.ts
// Every suite with its full figures (PATRONKIT_DEEP=1); the result is kept in docs/deep.json.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from './workspace.ts'

/** What a test measured: a line of JSON in the file named by PATRONKIT_FIGURES. */
interface Figure {
  readonly name: string
  readonly value: number | string
  readonly unit: string
}

const scratch = join(root, '.build')
const figuresFile = join(scratch, 'figures.jsonl')
const testsFile = join(scratch, 'deep-tests.json')
mkdirSync(scratch, { recursive: true })
for (const file of [figuresFile, testsFile]) rmSync(file, { force: true })

const started = new Date()
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${testsFile}`], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATRONKIT_DEEP: '1', PATRONKIT_FIGURES: figuresFile },
})
if (!existsSync(testsFile)) throw new Error('The tests did not run to their end, so docs/deep.json was left as it was.')

const tests = JSON.parse(readFileSync(testsFile, 'utf8')) as { numPassedTests: number; numFailedTests: number }
// a suite that does not even load fails the run without a failed test
const failed = Math.max(tests.numFailedTests, status === 0 ? 0 : 1)
const result = {
  commit: commit(),
  date: started.toISOString(),
  minutes: Number(((Date.now() - started.getTime()) / 60_000).toFixed(1)),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version },
  tests: { passed: tests.numPassedTests, failed },
  figures: figures(),
}
writeFileSync(join(root, 'docs/deep.json'), `${JSON.stringify(result, null, 2)}\n`)
console.log(`docs/deep.json: ${result.tests.passed} passed, ${result.tests.failed} failed, ${result.figures.length} figures`)
process.exitCode = status ?? 1

/** The commit that was tried; `+changes` says that the work tree held more than it. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', '.', ':!docs/deep.json') !== ''
  return `${git('rev-parse', 'HEAD')}${changed ? '+changes' : ''}`
}

function figures(): Figure[] {
  const lines = existsSync(figuresFile) ? readFileSync(figuresFile, 'utf8').split('\n').filter(Boolean) : []
  // several files may state the same figure
  return [...new Set(lines)].map((line) => JSON.parse(line) as Figure).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
