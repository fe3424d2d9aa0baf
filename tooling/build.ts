// node tooling/build.ts [--quiet] [package…]
// Builds the packages whose inputs have changed: all of them, or those named and what they stand on.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { fingerprint, promised } from './fingerprint.ts'
import { needs, type Package, packagesIn, root, shown } from './workspace.ts'

const AT_ONCE = 2
const tsup = join(root, 'node_modules/tsup/dist/cli-default.js')

const { values, positionals } = parseArgs({ options: { quiet: { type: 'boolean', default: false } }, allowPositionals: true })
const all = packagesIn(root)
const wanted = positionals.length === 0 ? all : positionals.map(named)

const builds = new Map<Package, Promise<boolean>>()
const line: (() => void)[] = []
let running = 0

const answers = await Promise.all(wanted.map(build))
process.exitCode = answers.every(Boolean) ? 0 : 1

/** Builds what the package stands on, then the package, each once. False when either failed. */
function build(pkg: Package): Promise<boolean> {
  const known = builds.get(pkg)
  if (known) return known
  const answer = Promise.all(needs(pkg, all).map(build)).then((below) =>
    below.every(Boolean) ? inTurn(() => bringUpToDate(pkg)) : failed(pkg, 'not built, because a package it stands on was not'),
  )
  builds.set(pkg, answer)
  return answer
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => line.push(resolve))
  else running++
  try {
    return await work()
  } finally {
    const next = line.shift()
    if (next) next()
    else running--
  }
}

async function bringUpToDate(pkg: Package): Promise<boolean> {
  const print = fingerprint(pkg, all)
  const kept = join(root, '.build', `${pkg.folder}.hash`)
  const isCurrent = existsSync(kept) && readFileSync(kept, 'utf8') === print && promised(pkg).every((file) => existsSync(file))
  if (isCurrent) return succeeded(pkg, 'unchanged')

  rmSync(kept, { force: true }) // a build that is cut short leaves no hash, so the next run repeats it
  const started = performance.now()
  const { ok, output } = await runTsup(pkg)
  if (!ok) return failed(pkg, `failed\n${output}`)
  const missing = promised(pkg).filter((file) => !existsSync(file))
  if (missing.length > 0) return failed(pkg, `failed: its manifest promises ${missing.map(shown).join(', ')}`)
  mkdirSync(dirname(kept), { recursive: true })
  writeFileSync(kept, print)
  return succeeded(pkg, `built in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

function runTsup(pkg: Package): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [tsup], { cwd: pkg.dir, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

function succeeded(pkg: Package, what: string): true {
  if (!values.quiet) console.log(`${pkg.manifest.name}: ${what}`)
  return true
}

function failed(pkg: Package, what: string): false {
  console.error(`${pkg.manifest.name}: ${what}`)
  return false
}

function named(name: string): Package {
  const found = all.find(({ folder, manifest }) => folder === name || manifest.name === name)
  if (!found) throw new Error(`There is no package ${name}. Name one of: ${all.map(({ folder }) => folder).join(', ')}.`)
  return found
}
