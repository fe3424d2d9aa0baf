import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { rowId } from './postgres-lock.ts'
import { type Cells, columnsOf, type Place, paramsOf, placesOf, sameKey, setOf, textOf } from './postgres-sets.ts'
import type { Relation } from './relation.ts'
import { kept, type Statement } from './statement.ts'
import { timerTable } from './work-tables.ts'

/**
 * What is done to a table. `claim` inserts a row that somebody else may be inserting at this moment: unless every row of
 * every claim went in, nothing else is written.
 */
export type Doing = 'claim' | 'insert' | 'put' | 'change' | 'remove' | 'look' | 'set-timer' | 'fail-timer'

/** Rows of one table to which the same is done. */
export interface Group {
  readonly doing: Doing
  readonly relation: Relation
  /** The columns that travel; of a change, those that change are the ones outside the key. */
  readonly columns: readonly string[]
  readonly rows: { readonly cells: Cells; readonly place: number }[]
}

/** Groups what is written: claims first, in an order that everybody keeps. */
export interface Writes {
  readonly add: (doing: Doing, relation: Relation, columns: readonly string[], cells: Cells) => void
  readonly groups: () => readonly Group[]
}

const joined = new WeakMap<readonly string[], string>()

/** Most lists of columns are the same array at every row. */
function namesOf(columns: readonly string[]): string {
  let names = joined.get(columns)
  if (names === undefined) {
    names = columns.join()
    joined.set(columns, names)
  }
  return names
}

/** Nothing to write yet. */
export function createWrites(): Writes {
  const groups = new Map<string, Group>()
  let place = 0
  return {
    add: (doing, relation, columns, cells) => {
      const name = `${doing === 'claim' ? 0 : 1} ${relation.name} ${doing} ${namesOf(columns)}`
      kept(groups, name, () => ({ doing, relation, columns, rows: [] })).rows.push({ cells, place: place++ })
    },
    groups: () => [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
  }
}

/** Builds the one statement that writes some groups; for each it answers null, or the keys it wrote where that was not all. */
export function writer(catalog: Catalog): (groups: readonly Group[]) => Statement {
  const texts = new Map<string, string>()
  return (groups) => {
    const places = placesOf(groups, 1, false)
    const text = kept(texts, shapeOfGroups(groups), () => writeText(catalog, groups, places))
    return { text, params: groups.flatMap((group, i) => paramsOf(rowsOf(group), group.columns, places[i]!)) }
  }
}

/** Groups of one shape are written by one text. */
export const shapeOfGroups = (groups: readonly Group[]): string =>
  groups.map(({ doing, relation, columns }) => `${doing} ${relation.name} ${columns.join()}`).join('|')

/** The rows of a group in the order of their keys: all commits insert in one order. */
export function rowsOf({ rows, relation }: Group): readonly Cells[] {
  if (rows.length === 1) return [rows[0]!.cells]
  const named = rows.map(({ cells }) => [idOf(relation, cells), cells] as const)
  return named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cells]) => cells)
}

const idOf = ({ key }: Relation, cells: Cells): string =>
  rowId(
    cells.tenant as string,
    key.slice(1).map((column) => cells[column]),
  )

/** The first row, in the order the units named them, that a statement should have written and has not. */
export function firstMissing(groups: readonly Group[], written: readonly (null | readonly (readonly unknown[])[])[]): Group | null {
  const missing = groups.flatMap((group, i) => {
    if (written[i] === null || !HAS_TO.has(group.doing) || group.relation === timerTable) return []
    const there = new Set(written[i]!.map(([tenant, ...key]) => rowId(tenant as string, key)))
    return group.rows.filter(({ cells }) => !there.has(idOf(group.relation, cells))).map(({ place }) => ({ place, group }))
  })
  return missing.sort((a, b) => a.place - b.place)[0]?.group ?? null
}

/** What a decision relied on; anything else may find nothing. */
export const HAS_TO: ReadonlySet<Doing> = new Set(['insert', 'change', 'remove', 'look'])

const GATE = 'gate'

function writeText(catalog: Catalog, groups: readonly Group[], places: readonly Place[]): string {
  const claims = groups.filter((group) => group.doing === 'claim').length
  const lengthOf = (i: number) => sql`cardinality(${sql.raw(`$${places[i]!.param}`)}::text::text[])`
  const allIn = (i: number) => sql`(select count(*) from ${sql.ref(`g${i}`)}) = ${lengthOf(i)}`
  const parts = groups.map((group, i) => {
    // a claim waits for the ones before it, so that all commits insert in one order
    const before = i < claims ? groups.slice(0, i).map((_, j) => allIn(j)) : claims > 0 ? [sql`(select "open" from ${sql.ref(GATE)})`] : []
    const where = before.length > 0 ? sql.join(before, sql` and `) : null
    const one = sql`${sql.ref(`g${i}`)} as (${doText(catalog, group, places[i]!, { where, taken: 'report', answer: 'key' })})`
    if (claims === 0 || i !== claims - 1) return one
    const all = sql.join(
      Array.from({ length: claims }, (_, j) => allIn(j)),
      sql` and `,
    )
    return sql`${one}, ${sql.ref(GATE)} as materialized (select ${all} as "open")`
  })
  const counts = groups.map(({ relation }, i) => {
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

/** One group as a statement. */
export function doText(catalog: Catalog, { doing, relation, columns }: Group, place: Place, { gate, where, taken, answer }: Surroundings) {
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
