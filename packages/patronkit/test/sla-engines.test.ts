import { PGlite } from '@electric-sql/pglite'
import { isPatronkitError, memoryStorage, type Storage } from '@patronkit/core'
import type { Fact, RecordItem } from '@patronkit/sla-engine'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { everyEvent } from './helpdesk.ts'
import { type Desk, desk, HOUR, versionsOf } from './sla-desk.ts'

const RUNS = process.env.PATRONKIT_DEEP ? 200 : 10
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31

const TICKETS = ['T-1', 'T-2', 'T-3', 'T-4']
const PARTS = ['P-1', 'P-2']
const ALL = [...TICKETS, ...PARTS]
const ticket = (id: string) => ({ type: 'ticket', id })

/** What an item is told, with instants as hours before now. */
interface Said {
  readonly ticket: string
  readonly facts: readonly { readonly no: number; readonly type: string; readonly ago: number; readonly attributes: Fact['attributes'] }[]
}

type Command =
  | { readonly do: 'record'; readonly said: Said }
  | { readonly do: 'recordMany' | 'import'; readonly said: readonly Said[] }
  | { readonly do: 'agree'; readonly key: number; readonly ticket: string; readonly metric: string; readonly ahead: number | null }
  | {
      readonly do: 'override'
      readonly key: number
      readonly ticket: string
      readonly metric: string
      readonly outcome: 'met' | 'breached' | 'cancelled'
    }
  | { readonly do: 'merge'; readonly key: number; readonly ticket: string; readonly into: string; readonly clocks: 'own' | 'earliest' }
  | { readonly do: 'unmerge'; readonly key: number; readonly ticket: string }
  | { readonly do: 'split'; readonly key: number; readonly ticket: string; readonly into: string; readonly clocks: 'start' | 'inherit' }
  | {
      readonly do: 'link'
      readonly key: number
      readonly ticket: string
      readonly child: string
      readonly rule: 'independent' | 'parent-waits' | 'children-follow'
    }
  | { readonly do: 'publish'; readonly version: number }
  | { readonly do: 'retarget'; readonly key: number; readonly page: number; readonly elapsed: 'keep' | 'restart' | 'retroactive' }
  | { readonly do: 'tick'; readonly hours: number }
  | { readonly do: 'erase'; readonly ticket: string }

const types = ['created', 'created', 'customer-message', 'agent-reply', 'status-changed', 'resolved', 'reopened', 'closed']
const attributes = fc.oneof(
  fc.constant({}),
  fc.record({ tier: fc.constantFrom('gold', 'none') }),
  fc.record({ priority: fc.constantFrom('high', 'low') }),
  fc.record({ status: fc.constantFrom('open', 'waiting') }),
  fc.record({ team: fc.constantFrom('net', 'db', '') }),
)
const oneOfTickets = fc.constantFrom(...TICKETS)
const key = fc.integer({ min: 1, max: 40 })
const metric = fc.constantFrom('resolution', 'first-reply', 'next-reply')
// few numbers, so that a fact comes again under its id, now and then with another content
const said = (of: fc.Arbitrary<string>): fc.Arbitrary<Said> =>
  fc.record({
    ticket: of,
    facts: fc.array(
      fc.record({
        no: fc.integer({ min: 1, max: 500 }),
        type: fc.constantFrom(...types),
        ago: fc.integer({ min: 0, max: 30 }),
        attributes,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
const many = fc
  .uniqueArray(oneOfTickets, { minLength: 1, maxLength: 4 })
  .chain((ids) => fc.tuple(...ids.map((id) => said(fc.constant(id)))))

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('record' as const), said: said(oneOfTickets) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('recordMany' as const, 'import' as const), said: many }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('agree' as const),
      key,
      ticket: oneOfTickets,
      metric,
      ahead: fc.option(fc.integer({ min: -5, max: 60 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('override' as const),
      key,
      ticket: oneOfTickets,
      metric,
      outcome: fc.constantFrom('met' as const, 'breached' as const, 'cancelled' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('merge' as const),
      key,
      ticket: oneOfTickets,
      into: oneOfTickets,
      clocks: fc.constantFrom('own' as const, 'earliest' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unmerge' as const), key, ticket: oneOfTickets }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('split' as const),
      key,
      ticket: oneOfTickets,
      into: fc.constantFrom(...PARTS),
      clocks: fc.constantFrom('start' as const, 'inherit' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      key,
      ticket: oneOfTickets,
      child: fc.constantFrom(...ALL),
      rule: fc.constantFrom('independent' as const, 'parent-waits' as const, 'children-follow' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('publish' as const), version: fc.integer({ min: 0, max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('retarget' as const),
      key,
      page: fc.integer({ min: 1, max: 4 }),
      elapsed: fc.constantFrom('keep' as const, 'restart' as const, 'retroactive' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('tick' as const), hours: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), ticket: oneOfTickets }) },
)

const one = (id: string, no: number, type: string, attributes: Fact['attributes'] = {}): Said => ({
  ticket: id,
  facts: [{ no, type, ago: 1, attributes }],
})

/** A history in which every command is accepted; the random ones come beside it. */
const EVERY_COMMAND: readonly Command[] = [
  { do: 'recordMany', said: TICKETS.map((id, n) => one(id, n + 1, 'created', n === 0 ? { tier: 'gold', team: 'net' } : { team: 'db' })) },
  { do: 'tick', hours: 3 },
  { do: 'record', said: one('T-1', 5, 'agent-reply', { status: 'waiting' }) },
  { do: 'import', said: [one('T-2', 6, 'status-changed', { tier: 'gold' })] },
  { do: 'agree', key: 1, ticket: 'T-2', metric: 'resolution', ahead: 30 },
  { do: 'override', key: 2, ticket: 'T-3', metric: 'resolution', outcome: 'met' },
  { do: 'merge', key: 3, ticket: 'T-4', into: 'T-3', clocks: 'earliest' },
  { do: 'unmerge', key: 4, ticket: 'T-4' },
  { do: 'split', key: 5, ticket: 'T-1', into: 'P-1', clocks: 'inherit' },
  { do: 'link', key: 6, ticket: 'T-1', child: 'T-2', rule: 'parent-waits' },
  { do: 'publish', version: 1 },
  { do: 'retarget', key: 7, page: 2, elapsed: 'retroactive' },
  { do: 'tick', hours: 20 },
  { do: 'erase', ticket: 'T-2' },
]

function told({ ticket: id, facts }: Said, now: number): RecordItem {
  return {
    item: ticket(id),
    facts: facts.map(({ no, type, ago, attributes }) => ({
      id: `f${no}`,
      type,
      at: now - ago * HOUR,
      ...(attributes ? { attributes } : {}),
    })),
  }
}

/** The answer of a command, or the code it is refused with; all as text. */
async function answered(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work()) ?? 'nothing'
  } catch (error) {
    if (isPatronkitError(error)) return error.code
    throw error
  }
}

function perform({ sla, publish }: Desk, command: Exclude<Command, { do: 'tick' | 'retarget' }>, now: number): Promise<unknown> {
  const reason = 'as agreed'
  switch (command.do) {
    case 'record':
      return sla.record(told(command.said, now))
    case 'recordMany':
    case 'import':
      return sla[command.do]({ items: command.said.map((one) => told(one, now)) })
    case 'agree': {
      const dueAt = command.ahead === null ? null : now + command.ahead * HOUR
      return sla.agree({ idempotencyKey: `k${command.key}`, item: ticket(command.ticket), metric: command.metric, dueAt, reason })
    }
    case 'override': {
      const { outcome, metric } = command
      return sla.override({ idempotencyKey: `k${command.key}`, item: ticket(command.ticket), metric, outcome, reason })
    }
    case 'merge':
      return sla.merge({
        idempotencyKey: `k${command.key}`,
        item: ticket(command.ticket),
        into: ticket(command.into),
        clocks: command.clocks,
      })
    case 'unmerge':
      return sla.unmerge({ idempotencyKey: `k${command.key}`, item: ticket(command.ticket) })
    case 'split':
      return sla.split({
        idempotencyKey: `k${command.key}`,
        item: ticket(command.ticket),
        into: ticket(command.into),
        clocks: command.clocks,
      })
    case 'link':
      return sla.link({
        idempotencyKey: `k${command.key}`,
        parent: ticket(command.ticket),
        child: ticket(command.child),
        rule: command.rule,
      })
    case 'publish':
      return publish(command.version)
    case 'erase':
      return sla.erase({ item: ticket(command.ticket) })
  }
}

/** All pages of a retargeting; what each came to. */
async function pages({ sla }: Desk, { key, page, elapsed }: Extract<Command, { do: 'retarget' }>): Promise<readonly { changed: number }[]> {
  const found: { changed: number; more: boolean }[] = []
  do found.push(await sla.retarget({ idempotencyKey: `k${key}`, reason: 'other hours', page, elapsed }))
  while (found.at(-1)!.more)
  return found
}

/** Everything a desk says to some commands, each sent twice, and all that is left behind. */
async function history(storage: Storage, commands: readonly Command[]): Promise<readonly string[]> {
  const at = await desk(storage)
  const lines: string[] = []
  await at.publish(0)
  for (const [n, command] of commands.entries()) {
    at.clock.advance({ minutes: 7 })
    const what = `${n} ${JSON.stringify(command)}`
    if (command.do === 'tick') {
      at.clock.advance({ hours: command.hours })
      for (let more = true; more; ) {
        const tick = await at.runner.tick()
        expect(tick.failed, what).toEqual([])
        lines.push(`${what}: ${JSON.stringify(tick)}`)
        more = tick.more
      }
      const versions = await versionsOf(storage, ALL)
      expect((await at.runner.tick()).fired, `${what}, again`).toBe(0)
      expect(await versionsOf(storage, ALL), `${what}, again`).toEqual(versions)
      continue
    }
    if (command.do === 'retarget') {
      lines.push(`${what}: ${await answered(() => pages(at, command))}`)
      const versions = await versionsOf(storage, ALL)
      expect(
        (await pages(at, command)).reduce((sum, page) => sum + page.changed, 0),
        `${what}, again`,
      ).toBe(0)
      expect(await versionsOf(storage, ALL), `${what}, again`).toEqual(versions)
      continue
    }
    const now = at.clock.now().getTime()
    const answer = await answered(() => perform(at, command, now))
    lines.push(`${what}: ${answer}`)
    const versions = await versionsOf(storage, ALL)
    const again = await answered(() => perform(at, command, now))
    // what is gone cannot be erased once more, so there is nothing to count
    const expected = command.do === 'erase' ? JSON.stringify({ facts: 0, events: 0 }) : answer
    expect(again, `${what}, again`).toBe(expected)
    expect(await versionsOf(storage, ALL), `${what}, again`).toEqual(versions)
  }
  for (const id of ALL) lines.push(await answered(() => at.sla.status({ item: ticket(id) })))
  lines.push(JSON.stringify(await at.sla.items({ type: 'ticket' })), JSON.stringify(await at.sla.due({})))
  return [...lines, ...(await everyEvent(storage))]
}

const db = new PGlite()
afterAll(() => db.close())
let places = 0

const WORDS: ReadonlySet<Command['do']> = new Set([
  'record',
  'recordMany',
  'import',
  'agree',
  'override',
  'merge',
  'unmerge',
  'split',
  'link',
  'publish',
  'retarget',
  'tick',
  'erase',
])

test(`memory, SQLite and Postgres answer the same commands alike, and what is sent twice happens once (seed ${SEED})`, {
  timeout: 3_600_000,
}, async () => {
  const seen = new Map<string, number>()
  let [commandsRun, accepted] = [0, 0]
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 12, maxLength: 45 }), async (commands) => {
      const expected = await history(memoryStorage(), commands)
      for (const storage of [
        sqliteStorage({ file: ':memory:' }),
        postgresStorage({ connection: fromPglite(db), schema: `desk_${++places}` }),
      ]) {
        expect(await history(storage, commands)).toEqual(expected)
        await storage.close()
      }
      for (const line of expected.filter((one) => /^\d+ \{"do"/.test(one))) {
        const word = /"do":"(\w+)"/.exec(line)![1]!
        commandsRun++
        if (/: [[{n"]/.test(line.slice(line.indexOf('}: ') + 1))) {
          accepted++
          seen.set(word, (seen.get(word) ?? 0) + 1)
        }
      }
    }),
    { numRuns: RUNS, seed: SEED, examples: [[[...EVERY_COMMAND]]] },
  )
  // a law about commands that are all refused would say nothing
  expect([...seen.keys()].sort()).toEqual([...WORDS].sort())
  figure('random histories of SLA commands alike on memory, SQLite and PGlite, each write sent twice', RUNS, 'histories')
  figure('of these, commands', commandsRun, 'commands')
  figure('of these, commands that were accepted', accepted, 'commands')
})
