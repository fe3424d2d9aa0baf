import type { HeadMove, Steps, StoredEvent, TimerWrite, Unit, UnitAnswer, Write } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import { hostTransactionAborted, rowExists, rowMissing } from './errors.ts'
import { appendShape } from './events.ts'
import { checkBounds, checkGuards, type GuardShapes, guardShapes, writeGuards } from './guards.ts'
import { type HeadShapes, headShapes } from './heads.ts'
import type { TablePlan } from './rows.ts'
import { ask, type Shape, type Statement } from './statement.ts'
import { type TimerShapes, timerShapes } from './timers.ts'
import { textParameter } from './values.ts'

/** What a commit is made of. */
export interface CommitShapes {
  readonly catalog: Catalog
  readonly heads: HeadShapes
  readonly timers: TimerShapes
  readonly append: Shape<StoredEvent>
  readonly guards: GuardShapes
  readonly plan: (of: Write['table']) => TablePlan
}

/** Compiles all statements of a commit but those on declared tables. */
export const commitShapes = (catalog: Catalog, plan: CommitShapes['plan']): CommitShapes => ({
  catalog,
  heads: headShapes(catalog),
  timers: timerShapes(catalog),
  append: appendShape(catalog),
  guards: guardShapes(catalog),
  plan,
})

type Doing<T> = Steps<Statement, T>

/**
 * Commits units one after the other inside the transaction that is open: each sees what the ones before it wrote.
 * Made for engines whose driver is near; each statement is one row, prepared once.
 */
export function* commitUnits(shapes: CommitShapes, units: readonly Unit[]): Doing<readonly UnitAnswer[]> {
  const answers: UnitAnswer[] = []
  for (const unit of units) answers.push(yield* commitUnit(shapes, unit))
  return answers
}

/**
 * The same in the usual case, where all is as it was read: nothing is looked at first, the move of a head is its guard and
 * a row that is there already ends its insert. Where anything does not hold it throws {@link NOT_AS_READ}, so that the
 * transaction is undone as a whole, and {@link commitUnits} is to say what it was.
 */
export function* commitAtOnce(shapes: CommitShapes, units: readonly Unit[]): Doing<readonly UnitAnswer[]> {
  for (const unit of units) {
    const { tenant } = unit
    textParameter(tenant, 'the tenant')
    for (const head of unit.heads) if ((yield moveHead(shapes.heads, tenant, head)) === null) throw NOT_AS_READ
    if (yield* staleTimer(shapes, unit)) throw NOT_AS_READ
    if (yield* checkBounds(shapes.guards, shapes.plan, unit)) throw NOT_AS_READ
    try {
      yield* writeGuards(shapes.guards, shapes.plan, unit)
    } catch (error) {
      throw shapes.catalog.dialect.fault(error) === 'duplicate' ? NOT_AS_READ : error
    }
    yield* writeAll(shapes, unit, changeAtOnce)
  }
  return units.map(() => DONE)
}

/** Thrown to undo a transaction that counted on the usual case. */
export const NOT_AS_READ = new Error('something is not as it was read; the units are to be committed one after the other')

/** In a transaction that is not ours an error must not leave half of a unit behind for the host to commit. */
export function* wholeOrNothing<T>(steps: Doing<T>): Doing<T> {
  yield plain('savepoint "patronkit"')
  try {
    const answer = yield* steps
    yield plain('release savepoint "patronkit"')
    return answer
  } catch (error) {
    // where the engine has rolled everything back already, the error that matters is the first
    try {
      yield plain('rollback to savepoint "patronkit"')
      yield plain('release savepoint "patronkit"')
    } catch {}
    throw error
  }
}

const plain = (text: string): Statement => ({ text, params: [] })

/** How many rows the last statement wrote. */
const CHANGES = plain('select cast(changes() as text)')

/** How many rows were written on this connection so far. */
const TOTAL = plain('select cast(total_changes() as text)')

const DONE: UnitAnswer = Object.freeze({ outcome: 'done' })

function* commitUnit(shapes: CommitShapes, unit: Unit): Doing<UnitAnswer> {
  const { tenant } = unit
  textParameter(tenant, 'the tenant')
  const refused = yield* moveHeads(shapes, unit)
  if (refused) return refused
  yield* writeGuards(shapes.guards, shapes.plan, unit)
  yield* writeAll(shapes, unit, changeEach)
  return DONE
}

/** Rows, events and timers of a unit whose guards hold. */
function* writeAll(shapes: CommitShapes, unit: Unit, change: typeof changeEach): Doing<void> {
  const { tenant, writes } = unit
  for (let i = 0; i < writes.length; ) {
    const changes = changesFrom(writes, i)
    if (changes.length > 0) yield* change(shapes, tenant, changes)
    else yield* writeRow(shapes, tenant, writes[i]!)
    i += Math.max(changes.length, 1)
  }
  for (const event of unit.events) yield* inserting(shapes, 'event', ask(shapes.append, tenant, event))
  for (const timer of unit.timers) yield writeTimer(shapes.timers, tenant, timer)
  const { fired } = unit
  if (fired && !unit.timers.some((timer) => timer.queue === fired.queue && timer.key === fired.key)) {
    yield ask(shapes.timers.remove, tenant, fired)
  }
}

function* moveHeads(shapes: CommitShapes, unit: Unit): Doing<UnitAnswer | null> {
  const { tenant, heads, fired } = unit
  // one guard alone is checked by the very statement that moves it
  if (heads.length === 1 && !fired && !unit.adds?.length && !unit.unique?.length) {
    const head = heads[0]!
    return (yield moveHead(shapes.heads, tenant, head)) === null ? yield* conflictOf(shapes, tenant, head) : null
  }
  for (const head of heads) {
    const found = (yield ask(shapes.heads.found, tenant, head)) as string | null
    if (Number(found ?? 0) !== head.from.version) return conflict(head, found)
  }
  const stale = yield* staleTimer(shapes, unit)
  if (stale) return stale
  const refused = yield* checkGuards(shapes.guards, shapes.plan, unit)
  if (refused) return refused
  for (const head of heads) {
    // the transaction writes, so nobody can have come between; if the host's does not, part of the unit may be written
    if ((yield moveHead(shapes.heads, tenant, head)) === null) throw hostTransactionAborted(shapes.catalog.dialect.name, undefined)
  }
  return null
}

function* staleTimer(shapes: CommitShapes, { tenant, fired }: Unit): Doing<UnitAnswer | null> {
  if (!fired || (yield ask(shapes.timers.holds, tenant, fired)) !== null) return null
  return { outcome: 'stale-timer', queue: fired.queue, key: fired.key }
}

const moveHead = (shapes: HeadShapes, tenant: string, head: HeadMove): Statement =>
  ask(head.from.version === 0 ? shapes.insert : shapes.move, tenant, head)

function* conflictOf(shapes: CommitShapes, tenant: string, head: HeadMove): Doing<UnitAnswer> {
  return conflict(head, (yield ask(shapes.heads.found, tenant, head)) as string | null)
}

const conflict = (head: HeadMove, found: string | null): UnitAnswer => ({
  outcome: 'conflict',
  subject: `${head.kind} ${head.subject}`,
  found: Number(found ?? 0),
})

type Change = Extract<Write, { write: 'change' }>

const isChange = (write: Write | undefined): write is Change => write?.write === 'change' && Object.keys(write.set).length > 0

/** The changes that stand from here on one after another. */
function changesFrom(writes: readonly Write[], from: number): readonly Change[] {
  const found: Change[] = []
  for (let i = from; isChange(writes[i]); i++) found.push(writes[i] as Change)
  return found
}

const changeOf = (shapes: CommitShapes, tenant: string, change: Change): Statement =>
  ask(shapes.plan(change.table).change(Object.keys(change.set)), tenant, change)

/** Whether a row was there is asked behind each. */
function* changeEach(shapes: CommitShapes, tenant: string, changes: readonly Change[]): Doing<void> {
  for (const change of changes) {
    yield changeOf(shapes, tenant, change)
    if ((yield CHANGES) === '0') throw rowMissing(change.table.name)
  }
}

/** In the usual case all were there, and one question is enough for many. */
function* changeAtOnce(shapes: CommitShapes, tenant: string, changes: readonly Change[]): Doing<void> {
  if (changes.length === 1) return yield* changeEach(shapes, tenant, changes)
  const before = Number(yield TOTAL)
  for (const change of changes) yield changeOf(shapes, tenant, change)
  if (Number(yield TOTAL) - before !== changes.length) throw NOT_AS_READ
}

function* writeRow(shapes: CommitShapes, tenant: string, write: Write): Doing<void> {
  const plan = shapes.plan(write.table)
  switch (write.write) {
    case 'insert':
      return yield* inserting(shapes, write.table.name, ask(plan.insert(), tenant, write.row))
    case 'put':
      yield ask(plan.put(), tenant, write.row)
      return
    case 'change':
      // nothing to set: the row has to be there all the same
      if ((yield ask(plan.change([]), tenant, write)) === null) throw rowMissing(write.table.name)
      return
    case 'remove':
      if ((yield ask(plan.remove(), tenant, write.key)) === null) throw rowMissing(write.table.name)
  }
}

/** A plain insert, because asking SQLite for an answer costs it as much again as the insert. */
function* inserting(shapes: CommitShapes, table: string, insert: Statement): Doing<void> {
  try {
    yield insert
  } catch (error) {
    throw shapes.catalog.dialect.fault(error) === 'duplicate' ? rowExists(table, error) : error
  }
}

function writeTimer(shapes: TimerShapes, tenant: string, timer: TimerWrite): Statement {
  if (timer.timer === 'set') return ask(shapes.set, tenant, timer)
  return timer.timer === 'cancel' ? ask(shapes.remove, tenant, timer) : ask(shapes.failed, tenant, timer)
}
