import type { HostColumn, HostQuestion, HostReader } from '@patronkit/core/service'
import type { Fact } from './rules/behaviour.ts'
import { compileRule, type Entity, sourceNamed } from './rules/compile.ts'
import type { Environment } from './rules/environment.ts'
import { explainRule, type RuleExplanation } from './rules/explain.ts'
import { atColumn, hostColumn, hostTable, keyOf, lowerRule, textColumn, typeColumn } from './rules/lower.ts'
import type { Rule } from './rules/model.ts'
import { type Columns, columnOf, type Source, type SourceRows } from './rules/source.ts'

/** A rule asked of the host's own tables at an instant. */
export interface Asking {
  readonly reader: HostReader
  readonly tenant: string
  readonly source: string
  readonly rule: Rule
  readonly environment: Environment
  readonly asOf: Date
}

export interface MemberCount {
  readonly members: number
  readonly of: number
  /** `sql`: counted there. `candidates`: SQL found those it could not rule out, and memory decided on them. */
  readonly engine: 'sql' | 'candidates'
  readonly asOf: Date
}

function questionOf(i: Asking): HostQuestion {
  // whatever is wrong with the rule is refused here, with its path
  compileRule(i)
  const source = sourceNamed(i.environment, i.source, '')
  const where = lowerRule({ rule: i.rule, source: i.source, environment: i.environment, now: i.asOf.getTime() })
  return { tenant: i.tenant, table: hostTable(source), key: keyOf(source), where }
}

/** How many hold a rule, of how many. */
export async function countMembers(i: Asking): Promise<MemberCount> {
  const q = questionOf(i)
  const of = await i.reader.count({ ...q, where: { op: 'all', of: [] } })
  if (i.reader.unknowns(q).length === 0) return { members: await i.reader.count(q), of, engine: 'sql', asOf: i.asOf }
  let members = 0
  for await (const _ of membersOf(i)) members++
  return { members, of, engine: 'candidates', asOf: i.asOf }
}

/** Who holds a rule, by id in code-point order, read page by page. */
export async function* membersOf(i: Asking & { readonly pageSize?: number }): AsyncGenerator<{ readonly id: string }> {
  const q = questionOf(i)
  const limit = i.pageSize ?? 1_000
  const exact = i.reader.unknowns(q).length === 0
  const { test } = compileRule(i)
  for (let after: string | undefined; ; ) {
    const keys = await i.reader.keys(q, { limit, superset: !exact, ...(after === undefined ? {} : { after }) })
    const kept = exact
      ? keys
      : (await loadEntities({ ...i, ids: keys })).filter((entity) => test(entity, i.asOf.getTime())).map(({ id }) => id)
    for (const id of kept) yield { id }
    if (keys.length < limit) return
    after = keys.at(-1)!
  }
}

/** The statement behind a rule, to put beside a query of your own: it answers the keys. Refused where SQL has no exact answer. */
export const sqlOf = (i: Asking): { readonly text: string; readonly params: readonly (string | null)[] } =>
  i.reader.statement(questionOf(i))

/** Why one customer of the host's tables is in or out; null where there is none of that id. */
export async function explainMember(i: Asking & { readonly customer: string }): Promise<RuleExplanation | null> {
  compileRule(i)
  const [entity] = await loadEntities({ ...i, ids: [i.customer] })
  return entity ? explainRule({ ...i, entity, now: i.asOf.getTime() }) : null
}

/** What each part of an `all` leaves over, counted in SQL one part after the other; null where SQL has no exact answer. */
export async function countParts(i: Asking): Promise<readonly { readonly path: string; readonly left: number | null }[]> {
  const parts = i.rule.op === 'all' ? i.rule.of : [i.rule]
  const counts: { path: string; left: number | null }[] = []
  for (let n = 0; n < parts.length; n++) {
    const q = questionOf({ ...i, rule: { op: 'all', of: parts.slice(0, n + 1) } })
    const left = i.reader.unknowns(q).length === 0 ? await i.reader.count(q) : null
    counts.push({ path: i.rule.op === 'all' ? `of.${n}` : '', left })
  }
  return counts
}

/** Reads customers with everything that rules can look at, by id in the order given. */
export async function loadEntities(
  i: Pick<Asking, 'reader' | 'tenant' | 'source' | 'environment'> & { readonly ids: readonly string[] },
): Promise<readonly Entity[]> {
  const source = sourceNamed(i.environment, i.source, '')
  const own = await rowsBy(i, { ...source, of: source.keyColumn }, i.ids)
  const facts = source.facts ? await factsOf(i, source.facts) : null
  const related = new Map<string, ReadonlyMap<string, readonly Values[]>>()
  const members = new Map<string, ReadonlyMap<string, readonly Entity[]>>()
  for (const [relation, of] of Object.entries(source.relations ?? {})) {
    if ('columns' in of) related.set(relation, await rowsBy(i, of, i.ids))
    else members.set(relation, await membersBy(i, of.source, of.of))
  }
  return i.ids.flatMap((id): Entity[] => {
    const values = own.get(id)?.[0]
    if (!values) return []
    const byRelation = <T>(all: ReadonlyMap<string, ReadonlyMap<string, readonly T[]>>) =>
      Object.fromEntries([...all].map(([name, rows]) => [name, rows.get(id) ?? []]))
    return [{ id, values, ...(facts ? { facts: facts.get(id) ?? [] } : {}), related: byRelation(related), members: byRelation(members) }]
  })
}

type Values = { readonly [column: string]: unknown }
type Loading = Parameters<typeof loadEntities>[0]

async function rowsBy(i: Loading, of: SourceRows, ids: readonly string[], extra: readonly HostColumn[] = []) {
  const names = Object.keys(of.columns)
  const columns = [...extra, ...names.map((name) => hostColumn(name, columnOf((of.columns as Columns)[name]!)))]
  const rows = await i.reader.rows({ tenant: i.tenant, table: hostTable(of), key: textColumn(of.of), columns, keys: ids })
  const all = [...extra.map((_, n) => EXTRA[n]!), ...names]
  const found = new Map<string, Values[]>()
  for (const [key, ...cells] of rows) {
    const values = Object.fromEntries(all.map((name, n) => [name, cells[n] ?? null]))
    const known = found.get(String(key))
    if (known) known.push(values)
    else found.set(String(key), [values])
  }
  return found
}

/** Names that no column of a source has: they are not legal there. */
const EXTRA = ['', '\u0000'] as const

async function factsOf(i: Loading, of: NonNullable<Source['facts']>): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const found = await rowsBy(i, of, i.ids, [typeColumn(of), atColumn(of)])
  const factOf = ({ [EXTRA[0]]: type, [EXTRA[1]]: at, ...values }: Values): Fact => ({ type: String(type), at: at as number, values })
  return new Map([...found].map(([id, rows]) => [id, rows.filter((row) => row[EXTRA[1]] !== null).map(factOf)]))
}

/** Customers of another source by the column that says whose they are. */
async function membersBy(i: Loading, source: string, by: string): Promise<ReadonlyMap<string, readonly Entity[]>> {
  const of = sourceNamed(i.environment, source, '')
  const column = hostColumn(by, columnOf(of.columns[by]!))
  const rows = await i.reader.rows({ tenant: i.tenant, table: hostTable(of), key: column, columns: [keyOf(of)], keys: i.ids })
  const whose = new Map(rows.map(([owner, id]) => [String(id), String(owner)]))
  const entities = await loadEntities({ ...i, source, ids: [...whose.keys()] })
  return Map.groupBy(entities, ({ id }) => whose.get(id)!)
}
