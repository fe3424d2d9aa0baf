import { type HostColumn, type HostQuestion, type HostReader, type Operation, readHost } from '@patronkit/core/service'
import { compareText, drive } from '@patronkit/core/storage'
import type { Fact } from './rules/behaviour.ts'
import { compileRule, type Entity, sourceNamed } from './rules/compile.ts'
import type { Environment } from './rules/environment.ts'
import { explainPopulation, explainRule, type PartCount, type RuleExplanation, together } from './rules/explain.ts'
import { atColumn, hostColumn, hostTable, keyOf, lowerRule, textColumn, typeColumn } from './rules/lower.ts'
import type { Rule } from './rules/model.ts'
import { fullReach, type Reach, reachOf } from './rules/reach.ts'
import { type Columns, columnOf, type Source, type SourceRows } from './rules/source.ts'
import { type Sample, type Sampled, sampler } from './sampling.ts'

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
export const countMembers = (i: Asking): Promise<MemberCount> => asked(count(i))

export function* count(i: Asking): Operation<MemberCount> {
  const { reader } = i
  const q = questionOf(i)
  const of = yield* readHost(reader, (o) => reader.count({ ...q, where: { op: 'all', of: [] } }, o))
  if (reader.unknowns(q).length === 0)
    return { members: yield* readHost(reader, (o) => reader.count(q, o)), of, engine: 'sql', asOf: i.asOf }
  let members = 0
  for (let after: string | undefined; ; ) {
    const page = yield* memberPage(i, { limit: PAGE, after })
    members += page.ids.length
    if (page.next === null) return { members, of, engine: 'candidates', asOf: i.asOf }
    after = page.next
  }
}

const PAGE = 1_000

/** Who holds a rule, by id in code-point order, read page by page. */
export async function* membersOf(i: Asking & { readonly pageSize?: number }): AsyncGenerator<{ readonly id: string }> {
  for (let after: string | undefined; ; ) {
    const { ids, next } = await asked(memberPage(i, { limit: i.pageSize ?? PAGE, after }))
    for (const id of ids) yield { id }
    if (next === null) return
    after = next
  }
}

/** Those of the next `limit` candidates who hold the rule, and the candidate to go on behind; null at the end. */
export function* memberPage(
  i: Asking,
  o: { readonly limit: number; readonly after: string | undefined },
): Operation<{ readonly ids: readonly string[]; readonly next: string | null; readonly engine: MemberCount['engine'] }> {
  const { reader } = i
  const { limit, after } = o
  const q = questionOf(i)
  const exact = reader.unknowns(q).length === 0
  const keys = yield* readHost(reader, (how) =>
    reader.keys(q, { ...how, limit, superset: !exact, ...(after === undefined ? {} : { after }) }),
  )
  const next = keys.length < limit ? null : keys.at(-1)!
  if (exact) return { ids: keys, next, engine: 'sql' }
  const { test } = compileRule(i)
  const entities = yield* entitiesOf({ ...i, ids: keys })
  return { ids: entities.filter((entity) => test(entity, i.asOf.getTime())).map(({ id }) => id), next, engine: 'candidates' }
}

/** The statement behind a rule, to put beside a query of your own: it answers the keys. Refused where SQL has no exact answer. */
export const sqlOf = (i: Asking): { readonly text: string; readonly params: readonly (string | null)[] } =>
  i.reader.statement(questionOf(i))

/** Why one customer of the host's tables is in or out; null where there is none of that id. */
export const explainMember = (i: Asking & { readonly customer: string }): Promise<RuleExplanation | null> => asked(explain(i))

export function* explain(i: Asking & { readonly customer: string }): Operation<RuleExplanation | null> {
  compileRule(i)
  const [entity] = yield* entitiesOf({ ...i, ids: [i.customer] })
  return entity ? explainRule({ ...i, entity, now: i.asOf.getTime() }) : null
}

/** What is left behind a part of an `all` and those before it; null where SQL has no exact answer. */
export interface PartLeft {
  readonly path: string
  readonly left: number | null
}

/** What each part of an `all` leaves over, counted in SQL one part after the other; null where SQL has no exact answer. */
export const countParts = (i: Asking): Promise<readonly PartLeft[]> => asked(leftBehind(i))

export function* leftBehind(i: Asking): Operation<readonly PartLeft[]> {
  const parts = i.rule.op === 'all' ? i.rule.of : [i.rule]
  const counts: PartLeft[] = []
  for (let n = 0; n < parts.length; n++) {
    const q = questionOf({ ...i, rule: { op: 'all', of: parts.slice(0, n + 1) } })
    const left = i.reader.unknowns(q).length === 0 ? yield* readHost(i.reader, (o) => i.reader.count(q, o)) : null
    counts.push({ path: i.rule.op === 'all' ? `of.${n}` : '', left })
  }
  return counts
}

/** What each part keeps and drops: counted in SQL, or, where SQL has no exact answer, over everybody in memory. */
export function* parts(i: Asking): Operation<PartCount> {
  const counts = yield* leftBehind(i)
  const everybody = { ...i, rule: EVERYBODY }
  if (counts.every(({ left }) => left !== null)) {
    const { members: came } = yield* count(everybody)
    const left = counts.map((one) => one.left!)
    const kept = left.at(-1) ?? came
    const rules = i.rule.op === 'all' ? i.rule.of : []
    const children = rules.map((rule, n): PartCount => {
      const before = n === 0 ? came : left[n - 1]!
      return { op: rule.op, path: counts[n]!.path, came: before, kept: left[n]!, dropped: before - left[n]!, children: [] }
    })
    return { op: i.rule.op, path: '', came, kept, dropped: came - kept, children }
  }
  const over = (entities: readonly Entity[]) => explainPopulation({ ...i, entities, now: i.asOf.getTime() })
  let total = over([])
  for (let after: string | undefined; ; ) {
    const { ids, next } = yield* memberPage(everybody, { limit: PAGE, after })
    total = together(total, over(yield* entitiesOf({ ...i, ids })))
    if (next === null) return total
    after = next
  }
}

export const EVERYBODY: Rule = { op: 'all', of: [] }

/** Some of everybody, by id. */
export function* someOf(i: Asking, sample: Sample): Operation<{ readonly ids: readonly string[]; readonly sampled: Sampled }> {
  const { show, taken, sampled } = sampler<string>(sample)
  const next = oneByOne({ ...i, rule: EVERYBODY }, PAGE)
  for (let id = yield* next(); id !== null; id = yield* next()) show(id, id)
  return { ids: taken(), sampled: sampled() }
}

/** The members of a segment of a table, one after the other. */
export function oneByOne(asking: Asking, limit: number): () => Operation<string | null> {
  let ids: readonly string[] = []
  let at = 0
  let after: string | null | undefined
  return function* () {
    while (at === ids.length && after !== null) {
      const page: { readonly ids: readonly string[]; readonly next: string | null } = yield* memberPage(asking, { limit, after })
      ids = page.ids
      at = 0
      after = page.next
    }
    return ids[at++] ?? null
  }
}

/** Everybody of two askings side by side, by id: who is in the one, in the other, in both. */
export function* sideBySide(a: Asking, b: Asking, each: (id: string, inA: boolean, inB: boolean) => void): Operation<void> {
  const [nextA, nextB] = [oneByOne(a, PAGE), oneByOne(b, PAGE)]
  let [one, other] = [yield* nextA(), yield* nextB()]
  while (one !== null || other !== null) {
    const order = one === null ? 1 : other === null ? -1 : compareText(one, other)
    each(order > 0 ? other! : one!, order <= 0, order >= 0)
    if (order <= 0) one = yield* nextA()
    if (order >= 0) other = yield* nextB()
  }
}

/** What each part keeps and drops, told from some. */
export function* sampledParts(i: Asking, sample: Sample): Operation<{ readonly parts: PartCount; readonly sampled: Sampled }> {
  const { ids, sampled } = yield* someOf(i, sample)
  const over = (entities: readonly Entity[]) => explainPopulation({ ...i, entities, now: i.asOf.getTime() })
  let total = over([])
  yield* inPages(i, ids, (entities) => {
    total = together(total, over(entities))
  })
  return { parts: total, sampled }
}

/** Reads some customers page by page. */
export function* inPages(i: Asking, ids: readonly string[], each: (entities: readonly Entity[]) => void): Operation<void> {
  for (let from = 0; from < ids.length; from += PAGE) each(yield* entitiesOf({ ...i, ids: ids.slice(from, from + PAGE) }))
}

/**
 * Reads customers with everything that rules can look at, by id in the order given. Where relations come round to a source they came
 * from, its customers are read once more, and nobody behind them.
 */
export const loadEntities = (i: Loading): Promise<readonly Entity[]> => asked(reached({ ...i, reach: fullReach(i.source, i.environment) }))

type Loading = Pick<Asking, 'reader' | 'tenant' | 'source' | 'environment'> & { readonly ids: readonly string[] }

/** Customers with whomever a rule looks at. */
const entitiesOf = (i: Asking & Loading): Operation<readonly Entity[]> => reached({ ...i, reach: reachOf(i.rule, i.source, i.environment) })

function* reached(i: Loading & { readonly reach: Reach }): Operation<readonly Entity[]> {
  const source = sourceNamed(i.environment, i.source, '')
  const own = yield* rowsBy(i, { ...source, ...(source.keyColumn === undefined ? {} : { of: source.keyColumn }) }, i.ids)
  const facts = source.facts ? yield* factsOf(i, source.facts) : null
  const related = new Map<string, ReadonlyMap<string, readonly Values[]>>()
  const members = new Map<string, ReadonlyMap<string, readonly Entity[]>>()
  for (const [relation, of] of Object.entries(source.relations ?? {})) {
    if ('columns' in of) related.set(relation, yield* rowsBy(i, of, i.ids))
    else if (i.reach.has(relation)) members.set(relation, yield* membersBy({ ...i, reach: i.reach.get(relation)! }, of.source, of.of))
  }
  return i.ids.flatMap((id): Entity[] => {
    const values = own.get(id)?.[0]
    if (!values) return []
    const byRelation = <T>(all: ReadonlyMap<string, ReadonlyMap<string, readonly T[]>>) =>
      Object.fromEntries([...all].map(([name, rows]) => [name, rows.get(id) ?? []]))
    return [{ id, values, ...(facts ? { facts: facts.get(id) ?? [] } : {}), related: byRelation(related), members: byRelation(members) }]
  })
}

/** Asks on the reader's own connection, outside of any transaction. */
const asked = async <T>(operation: Operation<T>): Promise<T> => drive(operation, (ask) => (ask.ask === 'host' ? ask.read({}) : undefined))

type Values = { readonly [column: string]: unknown }

function* rowsBy(
  i: Loading,
  of: SourceRows,
  ids: readonly string[],
  extra: readonly HostColumn[] = [],
): Operation<ReadonlyMap<string, readonly Values[]>> {
  const names = Object.keys(of.columns)
  const columns = [...extra, ...names.map((name) => hostColumn(name, columnOf((of.columns as Columns)[name]!)))]
  const asking = { tenant: i.tenant, table: hostTable(of), key: textColumn(of.of), columns, keys: ids }
  const rows = yield* readHost(i.reader, (o) => i.reader.rows(asking, o))
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

function* factsOf(i: Loading, of: NonNullable<Source['facts']>): Operation<ReadonlyMap<string, readonly Fact[]>> {
  const found = yield* rowsBy(i, of, i.ids, [typeColumn(of), atColumn(of)])
  const factOf = ({ [EXTRA[0]]: type, [EXTRA[1]]: at, ...values }: Values): Fact => ({ type: String(type), at: at as number, values })
  return new Map([...found].map(([id, rows]) => [id, rows.filter((row) => row[EXTRA[1]] !== null).map(factOf)]))
}

/** Customers of another source by the column that says whose they are. */
function* membersBy(i: Loading & { readonly reach: Reach }, source: string, by: string): Operation<ReadonlyMap<string, readonly Entity[]>> {
  const of = sourceNamed(i.environment, source, '')
  const column = hostColumn(by, columnOf(of.columns[by]!))
  const asking = { tenant: i.tenant, table: hostTable(of), key: column, columns: [keyOf(of)], keys: i.ids }
  const rows = yield* readHost(i.reader, (o) => i.reader.rows(asking, o))
  const whose = new Map(rows.map(([owner, id]) => [String(id), String(owner)]))
  const entities = yield* reached({ ...i, source, ids: [...whose.keys()] })
  return Map.groupBy(entities, ({ id }) => whose.get(id)!)
}
