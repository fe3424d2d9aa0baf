import type { Steps, Table, Unit } from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { writeUnit } from './postgres-decide.ts'
import { rowId } from './postgres-lock.ts'
import { runsOf } from './postgres-runs.ts'
import { type Cells, columnsOf, type Place, paramsOf, placesOf, sameKey, setOf, textOf } from './postgres-sets.ts'
import { createWrites, doText, type Group, HAS_TO, rowsOf, shapeOfGroups } from './postgres-write.ts'
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
    /** Units that touch nothing in common and add to no counter. */
    fits: (units: readonly Unit[]): boolean => units.every(isPlain) && runsOf(plan, units).length === 1,
    /** Whether they are done. */
    commit: function* (units: readonly Unit[]): Steps<Statement, boolean> {
      for (const { tenant } of units) textParameter(tenant, 'the tenant')
      const writes = createWrites()
      for (const unit of units) writeUnit(plan, unit, writes, [])
      const groups = writes.groups()
      if (groups.length === 0) return true
      const guards = [headGuards(units), timerGuards(units)].filter((guard) => guard.rows.length > 0)
      const sets = [...guards, ...groups.map((group) => ({ columns: group.columns, rows: rowsOf(group) }))]
      const singly = units.length === 1 && lengthOf(sets) <= MOST_ROWS_SINGLY
      const moves = singly && lengthOf(guards) === 1 && guards[0]!.relation === headTable
      if (moves) sets[0] = { columns: guards[0]!.same, rows: guards[0]!.rows }
      const shape = `${singly ? sets.map((set) => set.rows.length) : ''}|${guards.map((guard) => guard.relation.name).join()}|${shapeOfGroups(groups)}`
      const counts = [lengthOf(guards), lengthOf(groups.filter(mustBeThere))]
      const places = placesOf(sets, singly ? 1 : 1 + counts.filter(Boolean).length, singly)
      const text = kept(texts, shape, () => singleText(catalog, guards, groups, places, { moves, counts: countsIn(counts, singly) }))
      const params = [
        ...(singly ? [] : counts.filter(Boolean).map(String)),
        ...sets.flatMap((set, i) => paramsOf(set.rows, set.columns, places[i]!)),
      ]
      return (yield { text, params }) === DONE
    },
  }
}

const lengthOf = (sets: readonly { readonly rows: { readonly length: number } }[]): number =>
  sets.reduce((sum, { rows }) => sum + rows.length, 0)

/** A lone unit of more rows travels as arrays, or there would be a text for every number of rows. */
const MOST_ROWS_SINGLY = 12

const DONE = 'done'

/** A change of one timer after another cannot be told in one statement. */
const isPlain = (unit: Unit): boolean =>
  !unit.adds?.length &&
  (unit.timers.length < 2 || new Set(unit.timers.map(({ queue, key }) => rowId(queue, [key]))).size === unit.timers.length)

/** Beside what the guards hold, and what raises an error when it is there. */
const mustBeThere = ({ doing, relation }: Group): boolean =>
  doing !== 'insert' && HAS_TO.has(doing) && relation !== timerTable && relation !== headTable

/** Numbers of rows, in the text where it depends on them in any case, else as the first parameters. */
function countsIn(counts: readonly number[], singly: boolean) {
  let param = 1
  const [guarded, relied] = counts.map((count) => (singly || count === 0 ? sql.lit(count) : sql.raw(`$${param++}::text::int8`)))
  return { guarded: guarded!, relied: relied! }
}

/** Rows that have to be there as they were read. */
interface Guard {
  readonly relation: Relation
  readonly columns: readonly string[]
  /** Columns beside the key that have to be as they were. */
  readonly same: readonly string[]
  readonly rows: readonly Cells[]
}

function headGuards(units: readonly Unit[]): Guard {
  const rows = units.flatMap(({ tenant, heads }) =>
    heads
      .filter((head) => head.from.version > 0)
      .map(({ kind, subject, from }): Cells => ({ tenant, kind, subject, version: integerParameter(from.version, 'a version') })),
  )
  return { relation: headTable, columns: [...headTable.key, 'version'], same: ['version'], rows }
}

function timerGuards(units: readonly Unit[]): Guard {
  const rows = units.flatMap(({ tenant, fired }): Cells[] => {
    if (!fired) return []
    const text = (value: string) => textParameter(value, 'a lease')
    const generation = integerParameter(fired.generation, 'a generation')
    return [{ tenant, queue: text(fired.queue), key: text(fired.key), generation, lease: text(fired.lease) }]
  })
  const same = ['generation', 'lease']
  return { relation: timerTable, columns: [...timerTable.key, ...same], same, rows }
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
  const moved = moves ? groups.findIndex(({ doing, relation }) => doing === 'change' && relation === headTable) : -1
  let gate: string | null = null
  if (moves) {
    const where = sql`"t"."version" = ${sql.raw(`$${places[0]!.param}`)}::text::int8`
    gate = then(OPEN, sql`(${doText(catalog, groups[moved]!, placeOf(moved), { where, taken: 'raise', answer: 'one' })})`)
  } else if (guards.length > 0) {
    const held = guards.map((guard, i) => then(`held${i}`, heldText(catalog, guard, places[i]!)))
    gate = then(OPEN, sql`materialized (select 1 as "one" where ${sumOf(held)} = ${counts.guarded})`)
  }
  // all commits insert what has no head yet in one order; a row under a head that is held has no rivals
  const claims = groups.filter(({ doing }) => doing === 'claim')
  const chained = gate === null || claims.length > 1 || claims.some(({ relation }) => relation === headTable)
  const relied: { readonly name: string; readonly one: boolean }[] = []
  for (const [i, group] of groups.entries()) {
    if (i === moved) continue
    const name = `g${i}`
    const claim = group.doing === 'claim' && chained
    const one = placeOf(i).rows === 1
    const answer = claim || mustBeThere(group) ? 'one' : 'nothing'
    then(name, sql`(${doText(catalog, group, placeOf(i), { gate, where: null, taken: 'raise', answer })})`)
    if (claim) gate = one ? name : then(`c${i}`, sql`materialized (select 1 as "one" from ${sql.ref(name)} having count(*) > 0)`)
    if (mustBeThere(group)) relied.push({ name, one })
  }
  const end = endText(relied, counts.relied)
  const answer = guards.length > 0 ? sql`case when exists (select from ${sql.ref(OPEN)}) then ${end} else 'stale' end` : end
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
function heldText(catalog: Catalog, { relation, columns, same }: Guard, place: Place) {
  const holds = sameKey([...relation.key, ...same])
  return sql`materialized (select 1 as "one" from ${sql.table(catalog.named(relation.name))} as "t", ${setOf(relation, columns, place)}
    where ${holds} order by ${columnsOf(relation.key, 't')} for update of "t")`
}
