// node tooling/deep.ts [FOLDER …]
// Suites with their full figures (PATRONKIT_DEEP=1), folder by folder: all of them, or those named. What each came to is kept in
// docs/deep.json under the folder's name, with the commit that was tried, so that one package can be tried again by itself.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from './workspace.ts'

/** What a test measured: a line of JSON in the file named by PATRONKIT_FIGURES. */
interface Figure {
  readonly name: string
  readonly value: number | string
  readonly unit: string
}

interface Part {
  readonly commit: string
  readonly date: string
  readonly minutes: number
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly node: string }
  readonly tests: { readonly passed: number; readonly failed: number }
  /** Written by hand where a run was ended before its end: what it had done by then. */
  readonly stopped?: string
  readonly figures: readonly Figure[]
}

const RESULT = join(root, 'docs/deep.json')
const scratch = join(root, '.build')
const figuresFile = join(scratch, 'figures.jsonl')
const testsFile = join(scratch, 'deep-tests.json')
mkdirSync(scratch, { recursive: true })

const asked = process.argv.slice(2)
const folders = asked.length > 0 ? asked : suites()
let failed = 0
for (const folder of folders) {
  const part = run(folder)
  failed += part.tests.failed
  keep(folder, part)
  console.log(`docs/deep.json, ${folder}: ${part.tests.passed} passed, ${part.tests.failed} failed, ${part.figures.length} figures`)
}
process.exitCode = failed === 0 ? 0 : 1

/** The folders with tests: each package and example, and the tools. */
function suites(): readonly string[] {
  const inside = (parent: string) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
  return [...inside('packages'), ...inside('examples'), 'conformance', 'tooling'].filter((folder) => existsSync(join(root, folder, 'test')))
}

function run(folder: string): Part {
  for (const file of [figuresFile, testsFile]) rmSync(file, { force: true })
  const started = new Date()
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', `${folder}/`, '--reporter=default', '--reporter=json', `--outputFile.json=${testsFile}`],
    { cwd: root, stdio: 'inherit', env: { ...process.env, PATRONKIT_DEEP: '1', PATRONKIT_FIGURES: figuresFile } },
  )
  if (!existsSync(testsFile))
    throw new Error(`The tests of ${folder} did not run to their end, so docs/deep.json keeps what it had of them.`)
  const tests = JSON.parse(readFileSync(testsFile, 'utf8')) as { numPassedTests: number; numFailedTests: number }
  return {
    commit: commit(),
    date: started.toISOString(),
    minutes: Number(((Date.now() - started.getTime()) / 60_000).toFixed(1)),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    // a suite that does not even load fails the run without a failed test
    tests: { passed: tests.numPassedTests, failed: Math.max(tests.numFailedTests, status === 0 ? 0 : 1) },
    figures: figures(),
  }
}

/** Written after each folder: what takes an hour is not lost to what comes behind it. */
function keep(folder: string, part: Part): void {
  const known = JSON.parse(readFileSync(RESULT, 'utf8')) as { readonly [folder: string]: Part }
  const parts = Object.entries({ ...known, [folder]: part }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(RESULT, `${JSON.stringify(Object.fromEntries(parts), null, 2)}\n`)
}

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
