import type { Steps, Table, Unit, UnitAnswer } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { countersOf, DONE, refusalOf, writeUnit } from './postgres-decide.ts'
import { type Found, rowId } from './postgres-lock.ts'
import { runsOf } from './postgres-runs.ts'
import { type Cells, columnsOf, type Place, paramsOf, sameKey, setOf, textOf, UNIT } from './postgres-sets.ts'
import { createWrites, doText, type Group, HAS_TO, rowsOf, shapeOfGroups } from './postgres-write.ts'
import type { Relation } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { kept, type Statement } from './statement.ts'
import { integerParameter, textParameter } from './values.ts'
import { headTable, timerTable } from './work-tables.ts'

/** What became of units; null for one that has to go the longer way, and has written nothing. */
export type Settled = readonly (UnitAnswer | null)[]

/**
 * Commits units in one statement and thereby in one transaction, for the commonest shape: units that touch nothing in
 * common, add to no counter, and insert at most one row that others may be inserting. Every other guard is a row that the
 * statement locks first, so what it finds stands while it writes.
 */
export function postgresSingle(catalog: Catalog, plan: (of: Table) => TablePlan) {
  const texts = new Map<string, string>()
  return {
    fits: (units: readonly Unit[]): boolean => units.every(isPlain) && runsOf(plan, units).length === 1,
    commit: function* (units: readonly Unit[]): Steps<Statement, Settled> {
      for (const { tenant } of units) textParameter(tenant, 'the tenant')
      const writes = createWrites()
      for (const [no, unit] of units.entries()) {
        writes.unit(no)
        writeUnit(plan, unit, writes, [])
      }
      const groups = writes.groups()
      const [heads, timers] = [headGuards(units), timerGuards(units)]
      const guards = [heads, timers].filter((guard) => guard.rows.length > 0)
      const sets = [...guards, ...groups.map((group) => ({ columns: group.columns, rows: rowsOf(group) }))]
      const lone = units.length === 1 && sets.reduce((sum, set) => sum + set.rows.length, 0) <= MOST_LONE_ROWS
      const places = placesOf(sets, lone)
      const shape = `${lone ? sets.map((set) => set.rows.length) : ''}|${guards.map((guard) => guard.name).join()}|${shapeOfGroups(groups)}`
      const text = kept(texts, shape, () => singleText(catalog, guards, groups, places, lone ? units[0]! : null))
      const params = [...(lone ? [] : [unitRows(units)]), ...sets.flatMap((set, i) => paramsOf(set.rows, set.columns, places[i]!))]
      const [open, ...found] = JSON.parse((yield { text, params }) as string) as [number[], ...unknown[][][]]
      return settle(plan, units, new Set(open), guards, found)
    },
  }
}

/** A lone unit of more rows travels as sets, or there would be a text for every number of rows. */
const MOST_LONE_ROWS = 12

function placesOf(
  sets: readonly { readonly columns: readonly string[]; readonly rows: readonly Cells[] }[],
  lone: boolean,
): readonly Place[] {
  let param = lone ? 1 : 2
  return sets.map(({ columns, rows }) => {
    const place = { param, rows: lone ? rows.length : null }
    param += lone ? rows.length * columns.length : 1
    return place
  })
}

/** A change of one timer after another cannot be told in one statement. */
const isPlain = (unit: Unit): boolean =>
  !unit.adds?.length && claimsOf(unit) <= 1 && new Set(unit.timers.map(({ queue, key }) => rowId(queue, [key]))).size === unit.timers.length

const claimsOf = ({ heads, unique }: Unit): number => heads.filter((head) => head.from.version === 0).length + (unique?.length ?? 0)

const guardsOf = ({ heads, fired }: Unit): number => heads.filter((head) => head.from.version > 0).length + (fired ? 1 : 0)

const unitRows = (units: readonly Unit[]): string =>
  JSON.stringify(units.map((unit, no) => ({ no, guards: guardsOf(unit), claims: claimsOf(unit) })))

/** Rows that have to be there as they were read. */
interface Guard {
  readonly name: 'heads' | 'timers'
  readonly relation: Relation
  readonly columns: readonly string[]
  /** Columns beside the key that have to be as they were. */
  readonly same: readonly string[]
  readonly rows: readonly Cells[]
}

function headGuards(units: readonly Unit[]): Guard {
  const rows = units.flatMap(({ tenant, heads }, no) =>
    heads
      .filter((head) => head.from.version > 0)
      .map(
        ({ kind, subject, from }): Cells => ({ [UNIT]: no, tenant, kind, subject, version: integerParameter(from.version, 'a version') }),
      ),
  )
  return { name: 'heads', relation: headTable, columns: [...headTable.key, 'version'], same: ['version'], rows }
}

function timerGuards(units: readonly Unit[]): Guard {
  const rows = units.flatMap(({ tenant, fired }, no): Cells[] => {
    if (!fired) return []
    const [queue, key, lease] = [fired.queue, fired.key, fired.lease].map((text) => textParameter(text, 'a lease')) as [
      string,
      string,
      string,
    ]
    return [{ [UNIT]: no, tenant, queue, key, generation: integerParameter(fired.generation, 'a generation'), lease }]
  })
  const same = ['generation', 'lease']
  return { name: 'timers', relation: timerTable, columns: [...timerTable.key, ...same], same, rows }
}

function singleText(
  catalog: Catalog,
  guards: readonly Guard[],
  groups: readonly Group[],
  places: readonly Place[],
  lone: Unit | null,
): string {
  const placeOf = (group: number) => places[guards.length + group]!
  const claims = groups.filter((group) => group.doing === 'claim').length
  const locked = guards.map(({ name, relation, columns, same }, i) => {
    const holds = sql.join(
      same.map((column) => sql`${sql.ref(`t.${column}`)} = ${sql.ref(`w.${column}`)}`),
      sql` and `,
    )
    return sql`${sql.ref(name)} as materialized (select ${sql.ref(`w.${UNIT}`)} as "no", ${holds} as "holds", ${columnsOf(columns, 't')}
      from ${sql.table(catalog.named(relation.name))} as "t" join ${setOf(relation, columns, places[i]!)} on ${sameKey(relation.key)}
      order by ${columnsOf(relation.key, 't')} for update of "t")`
  })
  const held = guards.map(({ name }) => sql`select "no" from ${sql.ref(name)} where "holds"`)
  const holding = guards.length > 0 ? sql.join(held, sql` union all `) : sql`select 0 as "no" where false`
  const asked = lone
    ? sql`(values (0, ${sql.lit(guardsOf(lone))}, ${sql.lit(claimsOf(lone))})) as "u" ("no", "guards", "claims")`
    : sql`json_to_recordset($1::text::json) as "u" ("no" int4, "guards" int8, "claims" int4)`
  const fit = sql`"fit" as materialized (
    select "u"."no", "u"."claims" from ${asked}
    left join (select "no", count(*) as "held" from (${holding}) as "g" group by "no") as "h" on "h"."no" = "u"."no"
    where "u"."guards" = coalesce("h"."held", 0))`
  // taken out as one value: a row that has to be looked at again is held against the same units
  const mine = (units: ReturnType<typeof sql>) => sql`${sql.ref(`w.${UNIT}`)} = any((${units})::int4[])`
  const fitting = sql`select coalesce(array_agg("no"), '{}') from "fit"`
  const opened = sql`select "all" from "open"`
  const done = groups.map((group, i) => {
    const before = i > 0 && i < claims ? sql` and (select count(*) from ${sql.ref(`g${i - 1}`)}) >= 0` : sql``
    return sql`${sql.ref(`g${i}`)} as (${doText(catalog, group, placeOf(i), sql`${mine(i < claims ? fitting : opened)}${before}`)})`
  })
  const claimed = groups.slice(0, claims).map(
    ({ relation, columns }, i) => sql`select ${sql.ref(`w.${UNIT}`)} from ${setOf(relation, columns, placeOf(i))}
      join ${sql.ref(`g${i}`)} as "t" on ${sameKey(relation.key)}`,
  )
  const open = sql`"open" as materialized (select coalesce(array_agg("no"), '{}') as "all" from (
    ${sql.join([sql`select "no" from "fit" where "claims" = 0`, ...claimed], sql` union all `)}) as "o")`
  // a row that a decision relied on and that is not as it was read: nothing of all this may stay
  const whole = groups.flatMap(({ doing, relation, columns }, i) => {
    if (!HAS_TO.has(doing) || relation === timerTable) return []
    return sql`(select count(*) from ${sql.ref(`g${i}`)}) = (select count(*) from ${setOf(relation, columns, placeOf(i))} where ${mine(opened)})`
  })
  const answers = [
    sql`(select array_to_json("all") from "open" where 1 / (case when ${whole.length > 0 ? sql.join(whole, sql` and `) : sql`true`} then 1 else 0 end) = 1)`,
    ...guards.map(
      ({ name, columns }) =>
        sql`(select coalesce(json_agg(json_build_array(${columnsOf(columns, 'l')})), '[]'::json) from ${sql.ref(name)} as "l")`,
    ),
  ]
  const parts = [...locked, fit, ...done.slice(0, claims), open, ...done.slice(claims)]
  return textOf(catalog, sql`with ${sql.join(parts)} select array_to_json(array[${sql.join(answers)}])::text`)
}

function settle(
  plan: (of: Table) => TablePlan,
  units: readonly Unit[],
  open: ReadonlySet<number>,
  guards: readonly Guard[],
  found: readonly (readonly (readonly unknown[])[])[],
): Settled {
  const rows = new Map<string, readonly unknown[]>()
  for (const [i, { name, relation }] of guards.entries()) {
    const keys = relation.key.length
    for (const row of found[i]!) rows.set(name + rowId(row[0] as string, row.slice(1, keys)), row.slice(keys))
  }
  const locked: Found = {
    version: (tenant, kind, subject) => (rows.get(`heads${rowId(tenant, [kind, subject])}`)?.[0] as number | undefined) ?? 0,
    lease: (tenant, queue, key) => rows.get(`timers${rowId(tenant, [queue, key])}`)?.join(' '),
    counters: () => undefined,
    present: () => false,
  }
  const counters = countersOf(plan, locked)
  return units.map((unit, no) => {
    if (open.has(no)) return DONE
    // what others inserted was not to be seen from here
    return claimsOf(unit) > 0 ? null : refusalOf(plan, unit, locked, counters)
  })
}
