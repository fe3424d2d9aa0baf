import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { rowId } from './postgres-lock.ts'
import { columnsOf, type Place, paramsOf, placesOf, type RowSet, sameKey, setOf, textOf } from './postgres-sets.ts'
import type { Cells, Doing, Task } from './postgres-tasks.ts'
import type { Relation } from './relation.ts'
import { kept, type Statement } from './statement.ts'
import { timerTable } from './work-tables.ts'

/** Rows of one table to which the same is done. */
export interface Group {
  readonly task: Task
  readonly rows: Cells[]
  /** Which row of all that are written each of them is, in the order the units named them. */
  readonly places: number[]
}

/** Groups what is written: claims first, in an order that everybody keeps. */
export interface Writes {
  readonly add: (task: Task, cells: Cells) => void
  readonly groups: () => readonly Group[]
}

/** Nothing to write yet. */
export function createWrites(): Writes {
  const groups = new Map<Task, Group>()
  let place = 0
  return {
    add: (task, cells) => {
      let group = groups.get(task)
      if (!group) {
        group = { task, rows: [], places: [] }
        groups.set(task, group)
      }
      group.rows.push(cells)
      group.places.push(place++)
    },
    groups: () => [...groups.values()].sort((a, b) => (a.task.name < b.task.name ? -1 : 1)),
  }
}

/** Groups of one shape are written by one text. */
export const shapeOfGroups = (groups: readonly Group[]): string => groups.map(({ task }) => task.name).join('|')

/** What travels, and whether two of the rows are one row of a table. */
export interface InOrder {
  readonly sets: readonly RowSet[]
  readonly meet: boolean
}

/** The rows of groups in the order of their keys: all commits insert in one order. */
export function inOrder(groups: readonly Group[]): InOrder {
  const seen = new Map<string, Set<string>>()
  let meet = false
  const sets = groups.map(({ task: { relation, columns }, rows }): RowSet => {
    const named = rows.map((cells) => ({ id: idOf(relation, cells), cells }))
    const ids = kept(seen, relation.name, () => new Set<string>())
    for (const { id } of named) {
      meet ||= ids.has(id)
      ids.add(id)
    }
    if (rows.length > 1) named.sort((a, b) => (a.id < b.id ? -1 : 1))
    return { columns, rows: named.map(({ cells }) => cells) }
  })
  return { sets, meet }
}

const idOf = ({ key }: Relation, cells: Cells): string => cells.slice(0, key.length).join('\u0000')

/** Builds the one statement that writes some groups; for each it answers null, or the keys it wrote where that was not all. */
export function writer(catalog: Catalog): (groups: readonly Group[], tenant: string | null) => Statement {
  const texts = new Map<string, string>()
  return (groups, tenant) => {
    const { sets } = inOrder(groups)
    const travel = { tenant, singly: false }
    const text = kept(texts, `${tenant === null ? '' : 'one tenant: '}${shapeOfGroups(groups)}`, () =>
      writeText(catalog, groups, placesOf(sets, tenant === null ? 1 : 2, travel)),
    )
    const params = paramsOf(sets, travel)
    return { text, params: tenant === null ? params : [tenant, ...params] }
  }
}

/** The first row, in the order the units named them, that a statement should have written and has not. */
export function firstMissing(groups: readonly Group[], written: readonly (null | readonly (readonly unknown[])[])[]): Task | null {
  const missing = groups.flatMap(({ task, rows, places }, i) => {
    if (written[i] === null || !HAS_TO.has(task.doing) || task.relation === timerTable) return []
    const there = new Set(written[i]!.map(([tenant, ...key]) => rowId(tenant as string, key)))
    return rows.flatMap((cells, row) => (there.has(idOf(task.relation, cells)) ? [] : [{ place: places[row]!, task }]))
  })
  return missing.sort((a, b) => a.place - b.place)[0]?.task ?? null
}

/** What a decision relied on; anything else may find nothing. */
export const HAS_TO: ReadonlySet<Doing> = new Set(['insert', 'change', 'remove', 'look'])

const GATE = 'gate'

function writeText(catalog: Catalog, groups: readonly Group[], places: readonly Place[]): string {
  const claims = groups.filter(({ task }) => task.doing === 'claim').length
  const lengthOf = (i: number) => sql`cardinality(${sql.raw(`$${places[i]!.param}`)}::text::text[])`
  const allIn = (i: number) => sql`(select count(*) from ${sql.ref(`g${i}`)}) = ${lengthOf(i)}`
  const parts = groups.map((group, i) => {
    // a claim waits for the ones before it, so that all commits insert in one order
    const before = i < claims ? groups.slice(0, i).map((_, j) => allIn(j)) : claims > 0 ? [sql`(select "open" from ${sql.ref(GATE)})`] : []
    const where = before.length > 0 ? sql.join(before, sql` and `) : null
    const one = sql`${sql.ref(`g${i}`)} as (${doText(catalog, group.task, places[i]!, { where, taken: 'report', answer: 'key' })})`
    if (claims === 0 || i !== claims - 1) return one
    const all = sql.join(
      Array.from({ length: claims }, (_, j) => allIn(j)),
      sql` and `,
    )
    return sql`${one}, ${sql.ref(GATE)} as materialized (select ${all} as "open")`
  })
  const counts = groups.map(({ task: { relation } }, i) => {
    const keys = sql`coalesce(json_agg(json_build_array(${columnsOf(relation.key, `g${i}`)})), '[]'::json)`
    return sql`(select case when count(*) < ${lengthOf(i)} then ${keys} end from ${sql.ref(`g${i}`)})`
  })
  return textOf(catalog, sql`with ${sql.join(parts)} select array_to_json(array[${sql.join(counts)}])::text`)
}

/** What stands around the rows of a group. */
export interface Surroundings {
  /** A relation of one row; without its row nothing is written. */
  readonly gate?: string | null
  readonly where: RawBuilder<unknown> | null
  /** What an insert does about a row that is there: answers without it, or ends the statement with the server's own error. */
  readonly taken: 'report' | 'raise'
  /** What it answers of each row it wrote. */
  readonly answer: 'key' | 'one' | 'nothing'
}

/** One task as a statement. */
export function doText(catalog: Catalog, { doing, relation, columns }: Task, place: Place, { gate, where, taken, answer }: Surroundings) {
  const table = sql.table(catalog.named(relation.name))
  const set = gate ? sql`${sql.ref(gate)}, ${setOf(relation, columns, place)}` : setOf(relation, columns, place)
  const { key } = relation
  const rest = columns.filter((column) => !key.includes(column))
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const keyNames = sql.join(key.map((column) => sql.ref(column)))
  const one = answer === 'key' ? columnsOf(key, 't') : sql`1 as "one"`
  const hit = answer === 'nothing' ? sql`` : sql`returning ${one}`
  const wherever = where ? sql` where ${where}` : sql``
  const found = where ? sql`${sameKey(key)} and ${where}` : sameKey(key)
  const insert = sql`insert into ${table} as "t" (${names}) select ${columnsOf(columns)} from ${set}${wherever}`
  switch (doing) {
    case 'claim':
    case 'insert':
      return taken === 'raise' ? sql`${insert} ${hit}` : sql`${insert} on conflict (${keyNames}) do nothing ${hit}`
    case 'put': {
      if (rest.length === 0) return sql`${insert} on conflict (${keyNames}) do nothing ${hit}`
      const sets = rest.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`)
      return sql`${insert} on conflict (${keyNames}) do update set ${sql.join(sets)} ${hit}`
    }
    case 'set-timer':
      return sql`insert into ${table} as "t" (${names}, "generation", "attempts", "parked")
        select ${columnsOf(columns)}, 1, 0, false from ${set}${wherever} on conflict (${keyNames}) do update
        set "due_at" = "excluded"."due_at", "generation" = "t"."generation" + 1, "attempts" = 0, "parked" = false,
          "lease" = null, "lease_until" = null, "last_error" = null ${hit}`
    case 'change': {
      const sets = sql.join(rest.map((column) => sql`${sql.ref(column)} = ${sql.ref(`w.${column}`)}`))
      return sql`update ${table} as "t" set ${sets} from ${set} where ${found} ${hit}`
    }
    case 'fail-timer':
      return sql`update ${table} as "t" set "due_at" = "w"."due_at", "last_error" = "w"."last_error", "parked" = "w"."parked",
        "attempts" = "t"."attempts" + 1, "lease" = null, "lease_until" = null from ${set} where ${found} ${hit}`
    case 'remove':
      return sql`delete from ${table} as "t" using ${set} where ${found} ${hit}`
    case 'look':
      return sql`select ${one} from ${table} as "t", ${set} where ${found}`
  }
}
