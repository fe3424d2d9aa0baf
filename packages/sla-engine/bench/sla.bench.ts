// What the SLA engine costs: the maths of a bulk change, and beside the raw engine writing the same rows in the same run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { compileCalendar, defineCalendar } from '@patronkit/business-time'
import { manualClock } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import type { HeadMove, Storage, Unit, Write } from '@patronkit/core/storage'
import { createSla, defineSlaPolicy } from '@patronkit/sla-engine'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { machine, median, table, time, writeReadme } from '../../../bench/measure.ts'
import { rawWriter } from './raw.ts'

const OPEN = 1_000_000
const DUE = 10_000
const SWEPT = 100_000
const FACTS = 10_000
const PAGE = 500
const TENANTS = 20
const by = { type: 'system', id: 'bench' } as const

const WEEK = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '17:00']]])) as object
const office = (holidays: readonly string[] = []) =>
  defineCalendar({ id: 'office', zone: 'Europe/Rome', week: WEEK, holidays: holidays as never })
const policy = defineSlaPolicy({
  id: 'gold',
  calendar: 'office',
  targets: { resolution: { within: { workingHours: 16 }, warnAt: [{ percent: 75 }] } },
})
const MONDAY = Date.parse('2026-11-23T09:00:00+01:00')

const tenantAt = (n: number): string => `tenant-${n % TENANTS}`
const itemAt = (n: number) => ({ type: 'ticket', id: `T-${String((n * 7919) % OPEN).padStart(7, '0')}` })

/** A storage that hands on every commit, and what it costs to find and lease timers. */
function watched(storage: Storage) {
  const commits: (readonly Unit[])[] = []
  let claimMs = 0
  const timed =
    <A extends readonly unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      const start = performance.now()
      try {
        return call(...args)
      } finally {
        claimMs += performance.now() - start
      }
    }
  const wrapped: Storage = {
    ...storage,
    commit: ((units, session) => {
      commits.push(units)
      return storage.commit(units, session)
    }) as Storage['commit'],
    claim: timed(storage.claim) as Storage['claim'],
    nextDue: timed(storage.nextDue) as Storage['nextDue'],
  }
  return { storage: wrapped, commits, claimMs: () => claimMs }
}

const folder = () => mkdtempSync(join(tmpdir(), 'patronkit-sla-'))

/** A database with its definitions. */
async function place(name: string) {
  const at = folder()
  const clock = manualClock(MONDAY)
  const file = join(at, `${name}.db`)
  const seen = watched(sqliteStorage({ file, tablePrefix: '' }))
  const service = createSla({ storage: seen.storage, clock })
  await seen.storage.schema.migrate()
  for (let n = 0; n < TENANTS; n++) {
    const sla = service.for({ tenant: tenantAt(n), by })
    await sla.publish({ definition: office() })
    await sla.publish({ definition: policy })
  }
  clock.advance({ seconds: 1 })
  const raws: DatabaseSync[] = []
  return {
    clock,
    seen,
    service,
    /** A second database as this one stands now, for the raw engine. */
    copy: (): DatabaseSync => {
      const copied = join(at, `raw-${raws.length}.db`)
      const source = new DatabaseSync(file)
      source.exec(`vacuum into '${copied}'`)
      source.close()
      const db = new DatabaseSync(copied)
      db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 4000')
      raws.push(db)
      return db
    },
    runner: createRunner({ storage: seen.storage, clock, services: [service] }),
    close: async () => {
      for (const db of raws) db.close()
      await seen.storage.close()
      rmSync(at, { recursive: true })
    },
  }
}

/** The unit that opens one item, to be written under other names: filling a million by commands would take minutes. */
async function opening(at: Awaited<ReturnType<typeof place>>, openedAt: number): Promise<Unit> {
  at.seen.commits.length = 0
  const item = { type: 'pattern', id: String(openedAt) }
  await at.service.for({ tenant: tenantAt(0), by }).record({ item, facts: [{ id: 'c', type: 'created', at: openedAt }] })
  const unit = at.seen.commits[0]![0]!
  await at.service.for({ tenant: tenantAt(0), by }).erase({ item })
  return unit
}

function renamed(unit: Unit, tenant: string, item: { type: string; id: string }): Unit {
  const subject = `${item.type}/${item.id}`
  const own = (row: object) => ({ ...row, item_type: item.type, item: item.id })
  return {
    ...unit,
    tenant,
    heads: unit.heads.map((head): HeadMove => ({ ...head, subject, to: { ...head.to, seq: 0, chain: '' } })),
    writes: unit.writes.map((write): Write => ('row' in write ? { ...write, row: own(write.row) } : write)),
    events: [],
    timers: unit.timers.map((timer) => ({ ...timer, key: subject })),
  }
}

async function fill(
  at: Awaited<ReturnType<typeof place>>,
  count: number,
  openedAt: (n: number) => number,
  tenantOf: (n: number) => string = tenantAt,
): Promise<void> {
  const patterns = new Map<number, Unit>()
  for (let first = 0; first < count; first += 5_000) {
    const units: Unit[] = []
    for (let n = first; n < Math.min(count, first + 5_000); n++) {
      const opened = openedAt(n)
      const pattern = patterns.get(opened) ?? (await opening(at, opened))
      patterns.set(opened, pattern)
      units.push(renamed(pattern, tenantOf(n), itemAt(n)))
    }
    await at.seen.storage.commit(units)
    at.seen.commits.length = 0
  }
}

/** Due instants of a million clocks under another calendar. */
function maths(): number {
  const after = compileCalendar({ calendar: office(['2026-11-24']), from: MONDAY, to: MONDAY + 400 * 86_400_000 })
  const since = new Float64Array(OPEN)
  const left = new Float64Array(OPEN)
  for (let n = 0; n < OPEN; n++) {
    since[n] = MONDAY + (n % 2_400) * 60_000
    left[n] = 57_600_000 - (n % 1_000) * 3_600
  }
  const due = new Float64Array(OPEN)
  const rounds = Array.from({ length: 9 }, () => {
    const start = performance.now()
    for (let n = 0; n < OPEN; n++) due[n] = after.add(since[n]!, left[n]!)
    return performance.now() - start
  })
  return median(rounds.slice(2))
}

/** Steps and idle ticks over a million open clocks of which one in a hundred is due. */
async function ticking() {
  const at = await place('ticking')
  // three quarters of sixteen working hours from Monday at nine: Tuesday at 13:00
  await fill(at, OPEN, (n) => (n % 100 === 0 ? MONDAY : MONDAY + 7 * 86_400_000))
  at.clock.set('2026-11-24T13:00:01+01:00')
  at.seen.commits.length = 0
  const writer = rawWriter(at.copy())
  const start = performance.now()
  let fired = 0
  for (let more = true; more; ) {
    const tick = await at.runner.tick({ limit: 5_000 })
    fired += tick.fired
    more = tick.more
  }
  const tickMs = performance.now() - start
  const claimMs = at.seen.claimMs()
  const steps = at.seen.commits.map((units) => units.flatMap((unit) => writer.statementsOf(unit)))
  const began = performance.now()
  writer.write(steps)
  const rawMs = performance.now() - began
  const idle = []
  for (let n = 0; n < 50; n++) {
    const from = performance.now()
    await at.runner.tick()
    idle.push(performance.now() - from)
  }
  await at.close()
  return { fired, claimMs, stepMs: tickMs - claimMs, rawMs, idleMs: median(idle) }
}

/** A holiday is published late, and every open item of a tenant comes under it. */
async function sweeping() {
  const at = await place('sweeping')
  const sla = at.service.for({ tenant: 'tenant-0', by })
  await fill(
    at,
    SWEPT,
    () => MONDAY,
    () => 'tenant-0',
  )
  at.clock.set('2026-11-23T12:00:00+01:00')
  const writer = rawWriter(at.copy())
  await sla.publish({ definition: office(['2026-11-24']), effectiveFrom: 0 })
  at.clock.advance({ seconds: 1 })
  at.seen.commits.length = 0
  const reason = 'a holiday'
  const looked = performance.now()
  const preview = await sla.preview.retarget({ reason })
  const previewMs = performance.now() - looked
  const start = performance.now()
  let changed = 0
  for (let more = true; more; ) {
    const page = await sla.retarget({ idempotencyKey: 'holiday', reason, page: 2_000 })
    changed += page.changed
    more = page.more
  }
  const sweepMs = performance.now() - start
  const statements = at.seen.commits.map((units) => units.flatMap((unit) => writer.statementsOf(unit)))
  const from = performance.now()
  writer.write(statements)
  const rawMs = performance.now() - from
  await at.close()
  if (preview.changed !== changed) throw new Error(`the preview said ${preview.changed} and the sweep changed ${changed}`)
  return { changed, sweepMs, previewMs, rawMs }
}

/** Facts about new items, one a command and five hundred a command. */
async function recording() {
  const at = await place('recording')
  const sla = at.service.for({ tenant: tenantAt(0), by })
  const writer = rawWriter(at.copy())
  const about = (n: number) => ({
    item: itemAt(n),
    attributes: { priority: 'high' },
    facts: [{ id: `c${n}`, type: 'created', at: MONDAY }],
  })
  at.seen.commits.length = 0
  const start = performance.now()
  for (let n = 0; n < FACTS; n++) await sla.record(about(n))
  const loneMs = performance.now() - start
  const lone = at.seen.commits.splice(0)
  const began = performance.now()
  for (let n = FACTS; n < 2 * FACTS; n += PAGE) await sla.recordMany({ items: Array.from({ length: PAGE }, (_, k) => about(n + k)) })
  const pagedMs = performance.now() - began
  const paged = at.seen.commits.splice(0)
  const raw = (commits: readonly (readonly Unit[])[]): number => {
    const statements = commits.map((units) => units.flatMap((unit) => writer.statementsOf(unit)))
    const from = performance.now()
    writer.write(statements)
    return performance.now() - from
  }
  const result = { loneMs, rawLoneMs: raw(lone), pagedMs, rawPagedMs: raw(paged) }
  await at.close()
  return result
}

/** Measures, writes the table into the README, and says whether every bound was kept. */
export async function run(): Promise<boolean> {
  const mathsMs = maths()
  const facts = await recording()
  const sweep = await sweeping()
  const ticks = await ticking()
  const share = (raw: number, ours: number): number => raw / ours
  const lines: readonly { readonly what: string; readonly bound: string; readonly got: string; readonly kept: boolean }[] = [
    {
      what: '1,000,000 open clocks given their due instants under another calendar',
      bound: '100 ms',
      got: time(mathsMs * 1e6),
      kept: mathsMs <= 100,
    },
    {
      what: `${SWEPT.toLocaleString('en')} items swept under a new calendar, each with a fact and an event`,
      bound: '5 s',
      got: `${time(sweep.sweepMs * 1e6)} (raw rows ${time(sweep.rawMs * 1e6)}; preview ${time(sweep.previewMs * 1e6)})`,
      kept: sweep.changed === SWEPT && sweep.sweepMs <= 5_000,
    },
    {
      what: `${DUE.toLocaleString('en')} due among ${OPEN.toLocaleString('en')} open clocks: find and lease`,
      bound: '1 s',
      got: time(ticks.claimMs * 1e6),
      kept: ticks.fired === DUE && ticks.claimMs <= 1_000,
    },
    {
      what: 'their steps recorded, of the raw engine writing the same rows',
      bound: '40 %',
      got: `${percent(share(ticks.rawMs, ticks.stepMs))} (${time((ticks.stepMs / DUE) * 1e6)} a step)`,
      kept: share(ticks.rawMs, ticks.stepMs) >= 0.4,
    },
    { what: 'a tick with nothing to do', bound: '5 ms', got: time(ticks.idleMs * 1e6), kept: ticks.idleMs <= 5 },
    {
      what: 'facts recorded one by one, of the raw engine writing the same rows',
      bound: '25 %',
      got: `${percent(share(facts.rawLoneMs, facts.loneMs))} (${perSecond(FACTS, facts.loneMs)})`,
      kept: share(facts.rawLoneMs, facts.loneMs) >= 0.25,
    },
    {
      what: `facts recorded ${PAGE} items a call, of the same`,
      bound: '25 %',
      got: `${percent(share(facts.rawPagedMs, facts.pagedMs))} (${perSecond(FACTS, facts.pagedMs)})`,
      kept: share(facts.rawPagedMs, facts.pagedMs) >= 0.25,
    },
  ]
  for (const { what, bound, got, kept } of lines) console.log(`${kept ? 'met   ' : 'MISSED'} ${what} (bound ${bound}): ${got}`)
  const shown = table(
    ['SQLite in a file', 'bound', 'measured'],
    lines.map(({ what, bound, got }) => [what, bound, got]),
  )
  const how =
    'The raw engine writes the same rows over node:sqlite into a copy of the same database, in the same transactions: prepared once, native parameters, no checks, nothing read.'
  writeReadme(new URL('../README.md', import.meta.url), `\n${shown}\n\n${how} ${machine()}.\n`)
  return lines.every(({ kept }) => kept)
}

const percent = (part: number): string => `${Math.round(part * 100)} %`
const perSecond = (count: number, ms: number): string => `${Math.round((count * 1_000) / ms).toLocaleString('en')} a second`
