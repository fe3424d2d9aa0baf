import type { Steps, Table, Unit } from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { writeUnit } from './postgres-decide.ts'
import { rowId } from './postgres-lock.ts'
import { columnsOf, oneTenant, type Place, paramsOf, placesOf, sameKey, setOf, textOf } from './postgres-sets.ts'
import { type Cells, claimHead, moveHead, type Task } from './postgres-tasks.ts'
import { createWrites, doText, type Group, HAS_TO, inOrder, shapeOfGroups } from './postgres-write.ts'
import type { Relation } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { kept, type Statement } from './statement.ts'
import { integerParameter, textParameter } from './values.ts'
import { headTable, timerTable } from './work-tables.ts'

/**
 * Commits units in one statement and thereby in one transaction, all of them or none. It counts on the usual case: heads
 * and leases are as they were read, and nothing that goes in is there. Where a guard does not hold it answers so and has
 * written nothing; where a row is there, or missing, it ends with an error. Which unit it was is for the longer way to say.
 */
export function postgresSingle(catalog: Catalog, plan: (of: Table) => TablePlan) {
  const texts = new Map<string, string>()
  return {
    /** Units that add to no counter. */
    fits: (units: readonly Unit[]): boolean => units.every(isPlain),
    /** Whether they are done: not where two of them touch one row. */
    commit: function* (units: readonly Unit[]): Steps<Statement, boolean> {
      for (const { tenant } of units) textParameter(tenant, 'the tenant')
      const writes = createWrites()
      for (const unit of units) writeUnit(plan, unit, writes, [])
      const groups = writes.groups()
      if (groups.length === 0) return true
      const { sets, meet } = inOrder(groups)
      if (meet) return false
      const guards = [headGuards(units), timerGuards(units)].filter((guard) => guard.rows.length > 0)
      const singly = units.length === 1 && lengthOf(guards) + lengthOf(groups) <= MOST_ROWS_SINGLY
      const moves = singly && lengthOf(guards) === 1 && guards[0]!.relation === headTable
      const travel = { tenant: oneTenant(units), singly }
      // the move of the one head is its guard, and only asks for the version
      const guarding = moves ? [] : guards
      const counts = [lengthOf(guards), lengthOf(groups.filter(({ task }) => mustBeThere(task)))] as const
      const first = [
        ...(travel.tenant === null ? [] : [travel.tenant]),
        ...(moves ? [guards[0]!.rows[0]!.at(-1)!] : []),
        ...(singly ? [] : counts.filter(Boolean).map(String)),
      ]
      const all = [...guarding, ...sets]
      const rows = singly ? all.map((set) => set.rows.length).join() : 'any'
      const shape = `${rows} ${moves} ${travel.tenant !== null} ${guards.map((guard) => guard.relation.name).join()}|${shapeOfGroups(groups)}`
      const text = kept(texts, shape, () =>
        singleText(catalog, guarding, groups, placesOf(all, 1 + first.length, travel), {
          moves,
          counts: countsIn(counts, singly, travel.tenant === null ? 1 : 2),
        }),
      )
      return (yield { text, params: [...first, ...paramsOf(all, travel)] }) === DONE
    },
  }
}

const lengthOf = (sets: readonly { readonly rows: readonly unknown[] }[]): number => sets.reduce((sum, { rows }) => sum + rows.length, 0)

/** A lone unit of more rows travels as arrays, or there would be a text for every number of rows. */
const MOST_ROWS_SINGLY = 12

const DONE = 'done'

/** A change of one timer after another cannot be told in one statement. */
const isPlain = (unit: Unit): boolean =>
  !unit.adds?.length &&
  (unit.timers.length < 2 || new Set(unit.timers.map(({ queue, key }) => rowId(queue, [key]))).size === unit.timers.length)

/** Beside what the guards hold, and what raises an error when it is there. */
const mustBeThere = ({ doing, relation }: Task): boolean =>
  doing !== 'insert' && HAS_TO.has(doing) && relation !== timerTable && relation !== headTable

/** Numbers of rows, in the text where it depends on them in any case, else as parameters. */
function countsIn(counts: readonly [guarded: number, relied: number], singly: boolean, first: number) {
  let param = first
  const [guarded, relied] = counts.map((count) => (singly || count === 0 ? sql.lit(count) : sql.raw(`$${param++}::text::int8`)))
  return { guarded: guarded!, relied: relied! }
}

/** Rows that have to be there as they were read. */
interface Guard {
  readonly relation: Relation
  /** The key, and what has to be as it was. */
  readonly columns: readonly string[]
  readonly rows: readonly Cells[]
}

const VERSIONS = [...headTable.key, 'version']
const LEASES = [...timerTable.key, 'generation', 'lease']

function headGuards(units: readonly Unit[]): Guard {
  const rows: Cells[] = []
  for (const { tenant, heads } of units) {
    for (const { kind, subject, from } of heads) {
      if (from.version > 0) rows.push([tenant, kind, subject, integerParameter(from.version, 'a version')])
    }
  }
  return { relation: headTable, columns: VERSIONS, rows }
}

function timerGuards(units: readonly Unit[]): Guard {
  const rows: Cells[] = []
  const text = (value: string) => textParameter(value, 'a lease')
  for (const { tenant, fired } of units) {
    if (!fired) continue
    rows.push([tenant, text(fired.queue), text(fired.key), integerParameter(fired.generation, 'a generation'), text(fired.lease)])
  }
  return { relation: timerTable, columns: LEASES, rows }
}

const countOf = (name: string) => sql`(select count(*) from ${sql.ref(name)})`

const sumOf = (names: readonly string[]) =>
  sql.join(
    names.map((name) => countOf(name)),
    sql` + `,
  )

interface Known {
  /** Whether the one guard is the one head that moves: its move is its guard. */
  readonly moves: boolean
  readonly counts: ReturnType<typeof countsIn>
}

/**
 * Guards, then what others may be inserting, then the rest. A gate is a relation of one row; what stands behind it reads
 * that row, and so comes after it, or does nothing.
 */
function singleText(
  catalog: Catalog,
  guards: readonly Guard[],
  groups: readonly Group[],
  places: readonly Place[],
  { moves, counts }: Known,
): string {
  const parts: RawBuilder<unknown>[] = []
  const then = (name: string, part: RawBuilder<unknown>) => {
    parts.push(sql`${sql.ref(name)} as ${part}`)
    return name
  }
  const placeOf = (group: number) => places[guards.length + group]!
  const moved = moves ? groups.findIndex(({ task }) => task === moveHead) : -1
  let gate: string | null = null
  if (moves) {
    const where = sql`"t"."version" = $2::text::int8`
    gate = then(OPEN, sql`(${doText(catalog, groups[moved]!.task, placeOf(moved), { where, taken: 'raise', answer: 'one' })})`)
  } else if (guards.length > 0) {
    const held = guards.map((guard, i) => then(`held${i}`, heldText(catalog, guard, places[i]!)))
    gate = then(OPEN, sql`materialized (select 1 as "one" where ${sumOf(held)} = ${counts.guarded})`)
  }
  // all commits insert what has no head yet in one order; a row under a head that is held has no rivals
  const claims = groups.filter(({ task }) => task.doing === 'claim')
  const chained = gate === null || claims.length > 1 || claims.some(({ task }) => task === claimHead)
  const relied: { readonly name: string; readonly one: boolean }[] = []
  for (const [i, { task }] of groups.entries()) {
    if (i === moved) continue
    const name = `g${i}`
    const claim = task.doing === 'claim' && chained
    const one = placeOf(i).rows === 1
    const answer = claim || mustBeThere(task) ? 'one' : 'nothing'
    then(name, sql`(${doText(catalog, task, placeOf(i), { gate, where: null, taken: 'raise', answer })})`)
    if (claim) gate = one ? name : then(`c${i}`, sql`materialized (select 1 as "one" from ${sql.ref(name)} having count(*) > 0)`)
    if (mustBeThere(task)) relied.push({ name, one })
  }
  const end = endText(relied, counts.relied)
  const answer = moves || guards.length > 0 ? sql`case when exists (select from ${sql.ref(OPEN)}) then ${end} else 'stale' end` : end
  return textOf(catalog, sql`with ${sql.join(parts)} select ${answer}`)
}

const OPEN = 'open'

/** The answer where the guards hold. No SELECT can raise an error of its own, so a sentence is read as a number: the host finds it in the server's log. */
function endText(names: readonly { readonly name: string; readonly one: boolean }[], relied: RawBuilder<unknown>) {
  if (names.length === 0) return sql.lit(DONE)
  const all = names.every(({ one }) => one)
    ? sql.join(
        names.map(({ name }) => sql`exists (select from ${sql.ref(name)})`),
        sql` and `,
      )
    : sql`${sumOf(names.map(({ name }) => name))} = ${relied}`
  return sql`case when ${all} then ${sql.lit(DONE)}
    else (select ${sql.lit(BROKEN)} || count(*) from ${sql.ref(names[0]!.name)})::int8::text end`
}

const BROKEN = 'patronkit: a row that a decision relied on is not there; nothing was written. Rows of this kind: '

/** Locks rows that are as they were read, in the order of their keys, and answers those. */
function heldText(catalog: Catalog, { relation, columns }: Guard, place: Place) {
  return sql`materialized (select 1 as "one" from ${sql.table(catalog.named(relation.name))} as "t", ${setOf(relation, columns, place)}
    where ${sameKey(columns)} order by ${columnsOf(relation.key, 't')} for update of "t")`
}
