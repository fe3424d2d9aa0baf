import { existsSync, readFileSync } from 'node:fs'
import { figure } from '../../../tooling/figure.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)

/** `full` runs in the deep run, a twentieth otherwise; PATRONKIT_SEED repeats a failure, whose seed fast-check prints. */
export function runs(full: number, what: string): { readonly numRuns: number; readonly seed?: number } {
  const numRuns = DEEP ? full : Math.ceil(full / 20)
  figure(what, numRuns, 'cases')
  return { numRuns, ...(process.env.PATRONKIT_SEED ? { seed: Number(process.env.PATRONKIT_SEED) } : {}) }
}

const folder = new URL('../../../../shared/data/', import.meta.url)

/** The rows of a table beside this checkout, by column name; undefined where it is not on this machine. */
export function rowsOf(file: string): Record<string, string>[] | undefined {
  const url = new URL(file, folder)
  if (!existsSync(url)) {
    console.log(`left out: ${file} is not on this machine`)
    return undefined
  }
  const [head = '', ...lines] = readFileSync(url, 'utf8').trim().split(/\r?\n/)
  const names = cells(head)
  return lines.map((line) => {
    const values = cells(line)
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
  })
}

/** One line of a CSV file; a field may stand in quotes. */
const cells = (line: string): string[] => [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((match) => match[1] ?? match[2] ?? '')
