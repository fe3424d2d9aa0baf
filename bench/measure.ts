import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** One way to do the job. `run` does it `times` times and answers a sum of the results, so that no work can be left out. */
export interface Contender {
  readonly name: string
  /** Fixed number of operations in one round. */
  readonly times: number
  run(times: number): number
}

/** Rounds that are run and not counted, until the compiler has settled. */
const WARM_ROUNDS = 10

/** Median nanoseconds per operation of each contender, over rounds in which they take turns. */
export function interleave(contenders: readonly Contender[], rounds: number): ReadonlyMap<string, number> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (const { run, times } of contenders) for (let warm = 0; warm < WARM_ROUNDS; warm++) consume(run(times))
  for (let round = 0; round < rounds; round++) {
    for (const { name, times, run } of contenders) {
      const start = process.hrtime.bigint()
      consume(run(times))
      samples.get(name)!.push(Number(process.hrtime.bigint() - start) / times)
    }
  }
  return new Map([...samples].map(([name, values]) => [name, median(values)]))
}

/** The middle value; the mean of the two middle ones where their count is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Bytes by which `work` makes the heap grow once the compiler has settled: the least of several runs, each after a full
 * collection. What runs before it is compiled boxes its numbers, and a collection can undo some of the compiling.
 */
export function heapGrowth(work: () => number): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const growth = Array.from({ length: 8 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    consume(work())
    return process.memoryUsage().heapUsed - before
  })
  console.log(`heap growth of each run, in bytes: ${growth.join(', ')}`)
  // A run in which a collection came by can end below its start; it says nothing.
  return Math.min(...growth.filter((bytes) => bytes >= 0))
}

/** Results end here, where the compiler cannot know that nobody reads them. */
function consume(sum: number): void {
  if (Number.isNaN(sum)) throw new Error('a benchmark answered NaN')
}

/** 61.2 ns, 4.7 µs, 12.3 ms: three digits and the unit that fits. */
export function time(ns: number): string {
  const [value, unit] = ns < 1e3 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1e3, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${Number(value.toPrecision(3))} ${unit}`
}

/** 12,300 ×: two digits, because the next run differs in the third. */
export const ratio = (value: number): string => `${Number(value.toPrecision(2)).toLocaleString('en-US')} ×`

/** Where the figures were taken; they mean little elsewhere, their ratios more. */
export const machine = (): string => `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** Replaces what stands between the markers of a bench in a README. */
export function writeReadme(file: URL, text: string, bench = 'bench'): void {
  const old = readFileSync(file, 'utf8')
  const marked = new RegExp(`(<!-- ${bench}:start -->)[\\s\\S]*(<!-- ${bench}:end -->)`)
  if (!marked.test(old)) throw new Error(`${file.pathname} has no markers of ${bench}`)
  writeFileSync(
    file,
    old.replace(marked, (_, start: string, end: string) => `${start}\n${text}\n${end}`),
  )
}
