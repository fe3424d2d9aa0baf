import { figure } from './figure.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)

/** `full` runs in the deep run, a twentieth otherwise; PATRONKIT_SEED repeats a failure, whose seed fast-check prints. */
export function runs(full: number, what: string): { readonly numRuns: number; readonly seed?: number } {
  const numRuns = DEEP ? full : Math.ceil(full / 20)
  figure(what, numRuns, 'cases')
  return { numRuns, ...(process.env.PATRONKIT_SEED ? { seed: Number(process.env.PATRONKIT_SEED) } : {}) }
}
