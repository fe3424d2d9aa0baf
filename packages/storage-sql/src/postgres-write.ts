import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { rowId } from './postgres-lock.ts'
import { type Cells, columnsOf, type Place, sameKey, setOf, textOf, UNIT } from './postgres-sets.ts'
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
  readonly rows: { readonly cells: Cells; readonly unit: number; readonly place: number }[]
}

/** Groups what is written: claims first, in an order that everybody keeps. */
export interface Writes {
  /** Whose rows follow. */
  readonly unit: (no: number) => void
  readonly add: (doing: Doing, relation: Relation, columns: readonly string[], cells: Cells) => void
  readonly groups: () => readonly Group[]
}

/** Nothing to write yet. */
export function createWrites(): Writes {
  const groups = new Map<string, Group>()
  let unit = 0
  let place = 0
  return {
    unit: (no) => {
      unit = no
    },
    add: (doing, relation, columns, cells) => {
      const name = `${doing === 'claim' ? 0 : 1} ${relation.name} ${doing} ${columns.join()}`
      kept(groups, name, () => ({ doing, relation, columns, rows: [] })).rows.push({ cells, unit, place: place++ })
    },
    groups: () => [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
  }
}

/** Builds the one statement that writes some groups; for each it answers null, or the keys it wrote where that was not all. */
export function writer(catalog: Catalog): (groups: readonly Group[]) => Statement {
  const texts = new Map<string, string>()
  return (groups) => {
    const text = kept(texts, shapeOfGroups(groups), () => writeText(catalog, groups))
    return { text, params: groups.map((group) => JSON.stringify(rowsOf(group))) }
  }
}

/** Groups of one shape are written by one text. */
export const shapeOfGroups = (groups: readonly Group[]): string =>
  groups.map(({ doing, relation, columns }) => `${doing} ${relation.name} ${columns.join()}`).join('|')

/** The rows of a group in the order of their keys: all commits insert in one order. */
export function rowsOf({ rows, relation }: Group): readonly Cells[] {
  if (rows.length === 1) return [{ [UNIT]: rows[0]!.unit, ...rows[0]!.cells }]
  const named = rows.map(({ cells, unit }) => [idOf(relation, cells), { [UNIT]: unit, ...cells }] as const)
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

function writeText(catalog: Catalog, groups: readonly Group[]): string {
  const claims = groups.filter((group) => group.doing === 'claim').length
  const parts = groups.map((group, i) => {
    // a claim waits for the ones before it, so that all commits insert in one order
    const before = i < claims ? groups.slice(0, i).map((_, j) => allIn(j)) : claims > 0 ? [sql`(select "open" from ${sql.ref(GATE)})`] : []
    const one = sql`${sql.ref(`g${i}`)} as (${doText(catalog, group, { param: i + 1, rows: null }, before.length > 0 ? sql.join(before, sql` and `) : sql`true`)})`
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

const allIn = (i: number) => sql`(select count(*) from ${sql.ref(`g${i}`)}) = ${lengthOf(i)}`

const lengthOf = (i: number) => sql`json_array_length(${sql.raw(`$${i + 1}`)}::text::json)`

/** One group as a statement that answers the keys it wrote. */
export function doText(catalog: Catalog, { doing, relation, columns }: Group, place: Place, where: ReturnType<typeof sql>) {
  const table = sql.table(catalog.named(relation.name))
  const set = setOf(relation, columns, place)
  const { key } = relation
  const rest = columns.filter((column) => !key.includes(column))
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const keyNames = sql.join(key.map((column) => sql.ref(column)))
  const hit = sql`returning ${columnsOf(key, 't')}`
  const insert = sql`insert into ${table} as "t" (${names}) select ${columnsOf(columns)} from ${set} where ${where} on conflict (${keyNames})`
  switch (doing) {
    case 'claim':
    case 'insert':
      return sql`${insert} do nothing ${hit}`
    case 'put': {
      if (rest.length === 0) return sql`${insert} do nothing ${hit}`
      return sql`${insert} do update set ${sql.join(rest.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`))} ${hit}`
    }
    case 'set-timer':
      return sql`insert into ${table} as "t" (${names}, "generation", "attempts", "parked")
        select ${columnsOf(columns)}, 1, 0, false from ${set} where ${where} on conflict (${keyNames}) do update
        set "due_at" = "excluded"."due_at", "generation" = "t"."generation" + 1, "attempts" = 0, "parked" = false,
          "lease" = null, "lease_until" = null, "last_error" = null ${hit}`
    case 'change': {
      const sets = sql.join(rest.map((column) => sql`${sql.ref(column)} = ${sql.ref(`w.${column}`)}`))
      return sql`update ${table} as "t" set ${sets} from ${set} where ${sameKey(key)} and ${where} ${hit}`
    }
    case 'fail-timer':
      return sql`update ${table} as "t" set "due_at" = "w"."due_at", "last_error" = "w"."last_error", "parked" = "w"."parked",
        "attempts" = "t"."attempts" + 1, "lease" = null, "lease_until" = null from ${set} where ${sameKey(key)} and ${where} ${hit}`
    case 'remove':
      return sql`delete from ${table} as "t" using ${set} where ${sameKey(key)} and ${where} ${hit}`
    case 'look':
      return sql`select ${columnsOf(key, 't')} from ${table} as "t" join ${set} on ${sameKey(key)} where ${where}`
  }
}
