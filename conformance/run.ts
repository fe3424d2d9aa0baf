import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Load, type Result, report, runFile } from './runner.ts'
import { suites } from './suites/index.ts'

/** The package as it is published: its own name, resolved from its own folder, leads to dist. */
const load: Load = async (folder, entry) => {
  const manifest = new URL(`../packages/${folder}/package.json`, import.meta.url)
  const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string }
  return await import(pathToFileURL(createRequire(manifest).resolve(entry ? `${name}/${entry}` : name)).href)
}

const files = process.argv.slice(2)
const results: Result[] = []
for (const path of files) {
  try {
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
    results.push(...(await runFile({ file, suites, load, folder: dirname(resolve(path)) })))
  } catch (error) {
    results.push({ id: path, passed: false, expected: 'a file of cases', got: String(error) })
  }
}
if (files.length === 0) results.push({ id: 'usage', passed: false, expected: 'pnpm conformance FILE…', got: 'no file' })
console.log(report(results))
process.exitCode = results.every((result) => result.passed) ? 0 : 1
