import type { Row, Unit } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { columnsOf, oneTenant, type Place, paramsOf, placesOf, sameKey, setOf, textOf } from './postgres-sets.ts'
import { type Cells, tasksOf } from './postgres-tasks.ts'
import type { Relation } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { kept, type Statement } from './statement.ts'
import { textParameter } from './values.ts'
import { headTable, timerTable } from './work-tables.ts'

/** What stands in the database of all that some units guard; locked until the transaction ends. */
export interface Found {
  readonly version: (tenant: string, kind: string, subject: string) => number
  /** `generation lease` of a timer, or nothing. */
  readonly lease: (tenant: string, queue: string, key: string) => string | undefined
  /** The counters of a row, or nothing when the row is not there. */
  readonly counters: (plan: TablePlan, tenant: string, key: Row) => ReadonlyMap<string, number> | undefined
  readonly present: (plan: TablePlan, tenant: string, row: Row) => boolean
}

/** One kind of row that is looked at, and the columns of the answer. */
interface Look {
  readonly name: string
  readonly relation: Relation
  readonly more: readonly string[]
  readonly lock: boolean
  readonly cells: Map<string, Cells>
}

/** Locks what units guard, in one order whoever asks, and tells what it found. */
export function locker(catalog: Catalog, plan: (of: TablePlan['table']) => TablePlan) {
  const texts = new Map<string, string>()
  return (units: readonly Unit[]): { readonly statement: Statement | null; readonly understand: (answer: string | null) => Found } => {
    const looks = looksOf(plan, units)
    if (looks.length === 0) return { statement: null, understand: () => foundIn(looks, null) }
    const sets = looks.map((look) => ({ columns: look.relation.key, rows: [...look.cells.values()] }))
    const travel = { tenant: oneTenant(units), singly: false }
    const first = travel.tenant === null ? 1 : 2
    const shape = `${first} ${looks.map((look) => look.name).join()}`
    const text = kept(texts, shape, () => lockText(catalog, looks, placesOf(sets, first, travel)))
    const params = paramsOf(sets, travel)
    if (travel.tenant !== null) params.unshift(travel.tenant)
    return { statement: { text, params }, understand: (answer) => foundIn(looks, answer) }
  }
}

/** A row's key as one text, the same for what was bound and for what was answered. No stored text has the sign between the parts. */
export const rowId = (tenant: string, parts: readonly unknown[]): string => {
  let id = tenant
  for (const part of parts) id += `\u0000${typeof part === 'boolean' ? Number(part) : part}`
  return id
}

export const keyIn = (plan: TablePlan, row: Row): readonly unknown[] => plan.table.key.map((column) => plan.encode[column]!(row[column]))

function looksOf(plan: (of: TablePlan['table']) => TablePlan, units: readonly Unit[]): readonly Look[] {
  const looks = new Map<string, Look>()
  const look = (name: string, relation: Relation, more: readonly string[], lock: boolean) =>
    kept(looks, name, () => ({ name, relation, more, lock, cells: new Map<string, Cells>() })).cells
  const text = (value: string) => textParameter(value, 'a text')
  for (const { tenant, heads, fired, adds, unique } of units) {
    for (const { kind, subject } of heads) {
      look('1 head', headTable, ['version'], true).set(rowId(tenant, [kind, subject]), [tenant, text(kind), text(subject)])
    }
    if (fired) {
      const { queue, key } = fired
      const cells = look('2 timer', timerTable, ['generation', 'lease'], true)
      cells.set(rowId(tenant, [queue, key]), [tenant, text(queue), text(key)])
    }
    for (const add of adds ?? []) {
      const of = plan(add.table)
      const { relation, rest, key } = tasksOf(of)
      look(`3 counter ${of.table.name}`, relation, rest, true).set(rowId(tenant, keyIn(of, add.key)), key(tenant, add.key))
    }
    for (const { table, row } of unique ?? []) {
      const of = plan(table)
      const { relation, key } = tasksOf(of)
      look(`4 unique ${table.name}`, relation, [], false).set(rowId(tenant, keyIn(of, row)), key(tenant, row))
    }
  }
  return [...looks.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function lockText(catalog: Catalog, looks: readonly Look[], places: readonly Place[]): string {
  const parts = looks.map(({ relation, more, lock }, i) => {
    const { key } = relation
    return sql`(select coalesce(json_agg(json_build_array(${columnsOf([...key, ...more], 'l')})), '[]'::json) from (
      select ${columnsOf([...key, ...more], 't')} from ${sql.table(catalog.named(relation.name))} as "t"
      join ${setOf(relation, key, places[i]!)} on ${sameKey(key)}
      order by ${columnsOf(key, 't')} ${lock ? sql`for update of "t"` : sql``}) as "l")`
  })
  return textOf(catalog, sql`select array_to_json(array[${sql.join(parts)}])::text`)
}

function foundIn(looks: readonly Look[], answer: string | null): Found {
  const parts = answer === null ? [] : (JSON.parse(answer) as (string | number | boolean | null)[][][])
  const rows = new Map<string, readonly unknown[]>()
  for (const [i, look] of looks.entries()) {
    const keys = look.relation.key.length
    for (const row of parts[i] ?? []) rows.set(look.name + rowId(row[0] as string, row.slice(1, keys)), row.slice(keys))
  }
  return {
    version: (tenant, kind, subject) => (rows.get(`1 head${rowId(tenant, [kind, subject])}`)?.[0] as number | undefined) ?? 0,
    lease: (tenant, queue, key) => rows.get(`2 timer${rowId(tenant, [queue, key])}`)?.join(' '),
    counters: (of, tenant, key) => {
      const row = rows.get(`3 counter ${of.table.name}${rowId(tenant, keyIn(of, key))}`)
      return row && new Map(tasksOf(of).rest.map((column, i) => [column, row[i] as number]))
    },
    present: (of, tenant, row) => rows.has(`4 unique ${of.table.name}${rowId(tenant, keyIn(of, row))}`),
  }
}
