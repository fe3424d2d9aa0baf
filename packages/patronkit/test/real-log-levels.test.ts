import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import type { ItemView } from '@patronkit/sla-engine'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { reportFrom } from '../src/commands/sla-report.ts'
import type { Report } from '../src/report/model.ts'
import { clock, everyEvent, everyItem, hasRealLog, REAL_LOG } from './helpdesk.ts'
import { levels } from './levels.ts'
import { recountLevels } from './recount-levels.ts'

// Every day a twentieth of the tickets is shuffled, another one each time; in the deep run all of them, more than once.
const [SHUFFLES, SHARE] = process.env.PATRONKIT_DEEP ? [5, 1] : [1, 0.05]
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31

const folder = mkdtempSync(join(tmpdir(), 'patronkit-levels-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A log imported into a file of its own, and all that is to be seen of it. */
interface Seen {
  readonly report: Report
  /** When each fact happened. */
  readonly factAt: ReadonlyMap<string, string>
  readonly items: ReadonlyMap<string, ItemView>
  /** The steps each clock has reached, up to the end of the log. */
  readonly climbed: ReadonlyMap<string, { readonly [step: string]: number }>
  /** The steps that were told and not taken back, with the instants at which they were reached when they were told last. */
  readonly told: ReadonlyMap<string, string>
  readonly twice: readonly string[]
}

async function imported(log: string): Promise<Seen> {
  const db = new DatabaseSync(':memory:')
  const storage = sqliteStorage({ connection: fromNodeSqlite(db) })
  try {
    const report = await reportFrom({ log, definitions: levels(), tenant: 'desk', storage, clock, random: seededRandom(1) })
    const items = await everyItem(storage, report.asOf)
    const end = Date.parse(report.asOf)
    return { report, items, climbed: climbedIn(db, end), ...(await toldIn(storage, end)) }
  } finally {
    await storage.close()
  }
}

const upTo = (steps: { readonly [step: string]: number }, end: number) =>
  Object.fromEntries(
    Object.entries(steps)
      .filter(([, at]) => at <= end)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

function climbedIn(db: DatabaseSync, end: number): ReadonlyMap<string, { readonly [step: string]: number }> {
  const rows = db.prepare('select item, metric, cycle, climbed from patronkit_sla_clock where started_at is not null').all() as {
    item: string
    metric: string
    cycle: number
    climbed: string
  }[]
  return new Map(rows.map((row) => [`${row.item} ${row.metric} ${row.cycle}`, upTo(JSON.parse(row.climbed), end)]))
}

const STEPS = ['sla.warned', 'sla.breached', 'sla.escalated']

async function toldIn(storage: Storage, end: number): Promise<Pick<Seen, 'told' | 'twice' | 'factAt'>> {
  type Line = { subject: string; seq: number; type: string; body: string }
  const events = (await everyEvent(storage)).map((line) => JSON.parse(line) as Line)
  const factAt = new Map<string, string>()
  for (const { type, body } of events) {
    if (type !== 'sla.recorded') continue
    for (const { id, at } of (JSON.parse(body) as { facts: readonly { id: string; at: string }[] }).facts) factAt.set(id, at)
  }
  const told = new Map<string, string>()
  const twice: string[] = []
  for (const { subject, type, body } of events.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.seq - b.seq))) {
    if (!STEPS.includes(type) && type !== 'sla.withdrawn') continue
    const { agreement, metric, cycle, step, reachedAt } = JSON.parse(body) as { [name: string]: string }
    const key = `${subject.slice('ticket/'.length)} ${agreement === 'sla' ? metric : `${agreement}/${metric}`} ${cycle} ${step}`
    if (type === 'sla.withdrawn') {
      if (!told.delete(key)) twice.push(`${key} was taken back and not there`)
    } else if (Date.parse(reachedAt!) <= end) {
      if (told.has(key)) twice.push(key)
      told.set(key, reachedAt!)
    }
  }
  return { told, twice, factAt }
}

if (!hasRealLog) console.info('left out: the real help-desk log is not beside this checkout (../shared/data/helpdesk/helpdesk.csv)')
describe.skipIf(!hasRealLog)('the real help-desk log under four service levels, a ladder and agreements of every team', () => {
  let seen: Seen
  let judged: ReturnType<typeof recountLevels>
  beforeAll(async () => {
    judged = recountLevels(REAL_LOG)
    seen = await imported(REAL_LOG)
  })

  test('every clock of every ticket agrees with a slow recount that shares no code', () => {
    const differing: unknown[] = []
    let [clocks, handedOver] = [0, 0]
    expect(seen.items.size).toBe(judged.tickets.size)
    for (const [id, expected] of judged.tickets) {
      const found = new Map(seen.items.get(id)!.clocks.map((one) => [`${nameOf(one)} ${one.cycle}`, one]))
      if (found.size !== expected.length) differing.push({ id, expected: expected.length, found: [...found.keys()] })
      for (const { name, cycle, steps, ...of } of expected) {
        clocks++
        if (name.includes('/') && cycle > 1) handedOver++
        const clock = found.get(`${name} ${cycle}`)
        const got = clock && {
          party: clock.party,
          targetMs: clock.targetMs,
          workedMs: clock.workedMs,
          stoppedAt: clock.stoppedAt?.getTime() ?? null,
          state: clock.state,
          breachedAt: clock.breachedAt?.getTime() ?? null,
          dueAt: clock.dueAt?.getTime() ?? null,
        }
        if (JSON.stringify(got) !== JSON.stringify(of)) differing.push({ id, name, cycle, of, got })
      }
    }
    expect(differing).toEqual([])
    figure('tickets of the real log under four levels, ladder and OLA judged alike by a separate recount', judged.tickets.size, 'tickets')
    figure('of these, clocks', clocks, 'clocks')
    figure('of these, clocks that began with a hand-over', handedOver, 'clocks')
  })

  test('every step was reached and told at the millisecond of the recount, once', () => {
    const differing: unknown[] = []
    const expected = new Map<string, string>()
    for (const [id, mine] of judged.tickets) {
      for (const { name, cycle, steps } of mine) {
        const climbed = seen.climbed.get(`${id} ${name} ${cycle}`)
        if (JSON.stringify(climbed) !== JSON.stringify(upTo(steps, judged.end))) differing.push({ id, name, cycle, steps, climbed })
        for (const [step, at] of Object.entries(steps)) expected.set(`${id} ${name} ${cycle} ${step}`, new Date(at).toISOString())
      }
    }
    expect(differing).toEqual([])
    expect(seen.twice).toEqual([])
    expect(byKey(seen.told)).toEqual(byKey(expected))
    figure('of these, steps of ladders reached and told at the same millisecond', expected.size, 'steps')
  })

  test('the explanations of the worst clocks of each agreement add up to their time', () => {
    expect(new Set(seen.report.worst.map((one) => one.metric))).toEqual(new Set(['time-to-own', 'resolution', 'ownership', 'holding']))
    for (const { explanation, workedMs } of seen.report.worst) {
      const counted = explanation.lines.filter((line) => line.code === 'sla/counted')
      expect(counted.reduce((sum, line) => sum + (line.data.ms as number), 0)).toBe(workedMs)
    }
  })

  test(`its rows in another order give the same tickets, steps and report (seed ${SEED})`, { timeout: 1_800_000 }, async () => {
    const [header, ...rows] = readFileSync(REAL_LOG, 'utf8').trimEnd().split(/\r?\n/)
    const byte = seededRandom(SEED)
    const chance = () => byte(4).reduce((sum, one) => sum * 256 + one, 0) / 2 ** 32
    const chosen = new Set([...judged.tickets.keys()].filter(() => chance() < SHARE))
    const mine = rows.filter((row) => chosen.has(row.slice(0, row.indexOf(','))))
    const log = join(folder, 'log.csv')
    const write = (some: readonly string[]) => writeFileSync(log, `${[header, ...some].join('\n')}\n`)
    write(mine)
    const inOrder = SHARE < 1 ? await imported(log) : seen
    for (let round = 0; round < SHUFFLES; round++) {
      const deck = mine.map((row) => ({ row, at: chance() })).sort((a, b) => a.at - b.at)
      write(deck.map((one) => one.row))
      const shuffled = await imported(log)
      expect(byInstant(shuffled)).toEqual(byInstant(inOrder))
      expect(differences(shuffled.items, inOrder.items)).toEqual([])
      expect(differences(shuffled.climbed, inOrder.climbed)).toEqual([])
      expect(shuffled.twice).toEqual([])
      expect([...shuffled.told.keys()].sort()).toEqual([...inOrder.told.keys()].sort())
    }
    figure('tickets of the real log imported with their rows in another order: same clocks, steps and report', chosen.size, 'tickets')
    figure('such imports', SHUFFLES, 'imports')
  })
})

/** The report with the instant of each fact for its id: of two facts of one second, the one that came first is named as the reason. */
const byInstant = ({ report, factAt }: Seen): unknown =>
  JSON.parse(JSON.stringify(report, (key, value: unknown) => (key === 'because' ? (factAt.get(value as string) ?? value) : value)))

const nameOf = (clock: { readonly agreement: string; readonly metric: string }) =>
  clock.agreement === 'sla' ? clock.metric : `${clock.agreement}/${clock.metric}`

const byKey = (of: ReadonlyMap<string, string>) => [...of].sort(([a], [b]) => (a < b ? -1 : 1))

const differences = (some: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): readonly unknown[] =>
  [...new Set([...some.keys(), ...others.keys()])]
    .map((key) => ({ key, one: some.get(key), other: others.get(key) }))
    .filter(({ one, other }) => JSON.stringify(one) !== JSON.stringify(other))
    .slice(0, 5)
