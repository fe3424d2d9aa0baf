import type { Read, Steps } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { type Described, describeCondition } from './condition.ts'
import { EVENT_COLUMNS, eventOf } from './events.ts'
import { type Fields, int, limitedTo, matching, tenantPick, text } from './fields.ts'
import { arrayOf } from './postgres-sets.ts'
import { foldPart } from './read-fold.ts'
import { type Bind, conditionOf, from, NONE, orderOf, type Part, type ReadOf } from './read-part.ts'
import { decodeHead, HEAD_COLUMNS, headsPart, subjectsPart, timersPart } from './read-work.ts'
import { type TablePlan, whereKey } from './rows.ts'
import { ask, kept, type Pick, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { textParameter } from './values.ts'
import { eventTable, headTable } from './work-tables.ts'

/** Reads of one shape: one, or many that travel as a set. */
interface Asked {
  readonly parts: readonly Part[]
  readonly many: boolean
}

/** Answers several reads with one statement, which is what makes them one snapshot. */
export function reader(
  catalog: Catalog,
  plan: (of: TablePlan['table']) => TablePlan,
): (tenant: string, reads: readonly Read[]) => Steps<Statement, readonly unknown[]> {
  const shapes = new Map<string, Shape<readonly Asked[]>>()
  return function* (tenant, reads) {
    if (reads.length === 0) return []
    textParameter(tenant, 'the tenant')
    const all = reads.map((read) => partOf(catalog, plan, read))
    const parts = all.length > MOST_SIDE_BY_SIDE ? alikeAsOne(all) : all
    const asked = askedOf(catalog, parts === all ? all : [...new Set(parts)])
    const shape = kept(shapes, asked.map(({ parts: [first], many }) => (many ? `many ${first!.shape}` : first!.shape)).join('|'), () =>
      compileAsked(catalog, asked),
    )
    const stored = JSON.parse((yield ask(shape, tenant, asked)) as string) as readonly unknown[]
    const answers = new Map<Part, unknown>()
    for (const [i, { parts: same, many }] of asked.entries()) {
      for (const [j, part] of same.entries()) answers.set(part, part.decode(many ? (stored[i] as readonly unknown[])[j] : stored[i]))
    }
    return parts.map((part) => answers.get(part))
  }
}

/** So many reads of one shape stand side by side in the text; more travel as a set, and the text is the same for any number. */
const MOST_SIDE_BY_SIDE = 4

/** Commands of a crowd look up the same definitions: lists and folds that ask what the first of their shape asks are that one. */
function alikeAsOne(parts: readonly Part[]): readonly Part[] {
  const firsts = new Map<string, Part>()
  return parts.map((part) => {
    const first = firsts.get(part.shape)
    if (!first) firsts.set(part.shape, part)
    return first && asksTheSame(part, first) ? first : part
  })
}

function asksTheSame(part: Part, other: Part): boolean {
  const { read } = part
  if ((read.read !== 'list' && read.read !== 'fold') || read.limit !== (other.read as typeof read).limit) return false
  return part.values.every((value, i) => value === other.values[i])
}

function askedOf(catalog: Catalog, parts: readonly Part[]): readonly Asked[] {
  if (parts.length <= MOST_SIDE_BY_SIDE || !catalog.dialect.forEach) return parts.map(alone)
  const byShape = new Map<string, Part[]>()
  for (const part of parts) kept(byShape, part.shape, () => []).push(part)
  // in the order of their names: commands that come together in another order ask the same
  return [...byShape]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, same]) => (same.length > MOST_SIDE_BY_SIDE ? [{ parts: same, many: true }] : same.map(alone)))
}

const alone = (part: Part): Asked => ({ parts: [part], many: false })

function compileAsked(catalog: Catalog, asked: readonly Asked[]): Shape<readonly Asked[]> {
  const built = asked.map(({ parts: [first], many }, i) => {
    const bound = (pick: Pick<readonly Part[]>) => parameter<readonly Asked[]>((tenant, all) => pick(tenant, all[i]!.parts))
    const scalar: Bind = (pick) => bound((tenant, [part]) => pick(tenant, part!))
    if (!many) return first!.build(scalar)
    const arrays: Expression<unknown>[] = []
    const one = first!.build((pick) => {
      if (pick === tenantPick) return scalar(pick)
      arrays.push(bound((tenant, parts) => arrayOf(parts.map((part) => pick(tenant, part)))))
      return sql.ref(`each.p${arrays.length}`)
    })
    return catalog.dialect.forEach!(arrays, one)
  })
  return shapeOf(catalog.dialect.answers(built).compile(catalog.dialect.build))
}

function partOf(catalog: Catalog, plan: (of: TablePlan['table']) => TablePlan, read: Read): Part {
  switch (read.read) {
    case 'head':
      return { read, shape: 'head', values: NONE, build: (bind) => headQuery(catalog, bind), decode: decodeHead }
    case 'events':
      return { read, shape: 'events', values: NONE, build: (bind) => eventsQuery(catalog, bind), decode: decodeEvents }
    case 'get': {
      const of = plan(read.table)
      const decode = (stored: unknown) => (stored === null ? null : of.decodeRow(stored as readonly unknown[]))
      return { read, shape: `get ${of.table.name}`, values: NONE, build: (bind) => getQuery(catalog, of, bind), decode }
    }
    case 'list':
      return listPart(catalog, plan(read.table), read)
    case 'fold':
      return foldPart(catalog, plan(read.table), read)
    case 'heads':
      return headsPart(catalog, read)
    case 'subjects':
      return subjectsPart(catalog, read)
    case 'timers':
      return timersPart(catalog, read)
  }
}

const subject: Fields<{ readonly kind: string; readonly subject: string }> = {
  tenant: tenantPick,
  kind: text((read) => read.kind),
  subject: text((read) => read.subject),
}

function headQuery(catalog: Catalog, bind: Bind): Expression<unknown> {
  return catalog.dialect.build
    .selectFrom(catalog.named(headTable.name))
    .where(matching(catalog, headTable, subject, from<'head'>(bind)))
    .select(catalog.dialect.row(HEAD_COLUMNS).as('answer'))
}

function getQuery(catalog: Catalog, of: TablePlan, bind: Bind): Expression<unknown> {
  return catalog.dialect.build
    .selectFrom(catalog.named(of.table.name))
    .where(whereKey<ReadOf<'get'>>(catalog, of.table, of.encode, (read) => read.key, from<'get'>(bind)))
    .select(catalog.dialect.row(of.columns).as('answer'))
}

function eventsQuery(catalog: Catalog, bind: Bind): Expression<unknown> {
  const { build, cast, rows } = catalog.dialect
  const pick = from<'events'>(bind)
  const page = build
    .selectFrom(catalog.named(eventTable.name))
    .where(matching(catalog, eventTable, subject, pick))
    .where(sql.ref('seq'), '>', cast('integer', pick(int((read) => read.after))))
    .orderBy('seq')
    .limit(limitedTo<ReadOf<'events'>>(catalog, (read) => read.limit, pick))
    .select(EVENT_COLUMNS.map((column) => sql.ref(column).as(column)))
  return build.selectFrom(page.as('page')).select(rows(EVENT_COLUMNS).as('answer'))
}

const decodeEvents = (stored: unknown): unknown => (stored as readonly (readonly unknown[])[]).map(eventOf)

function listPart(catalog: Catalog, of: TablePlan, read: ReadOf<'list'>): Part {
  const described: Described & { values: string[] } = { shape: '', values: [] }
  describeCondition(read.where, of.table, described)
  const order = read.order.map((by) => `${by.column} ${by.direction}`).join()
  const some = read.columns ? ` of ${read.columns.join()}` : ''
  const decodeRow = read.columns ? of.decoderOf(read.columns) : of.decodeRow
  return {
    read,
    shape: `list ${of.table.name} ${described.shape} ${order}${some}`,
    values: described.values,
    build: (bind) => listQuery(catalog, of, read, bind),
    decode: (stored) => (stored as readonly (readonly unknown[])[]).map((row) => decodeRow(row)),
  }
}

function listQuery(catalog: Catalog, of: TablePlan, read: ReadOf<'list'>, bind: Bind): Expression<unknown> {
  const { build, rows } = catalog.dialect
  const columns = read.columns ?? of.columns
  let page = build
    .selectFrom(catalog.named(of.table.name))
    .where(conditionOf(catalog, of, read.where, bind))
    .select(columns.map((column) => sql.ref(column).as(column)))
  for (const by of read.order) page = page.orderBy(orderOf(of, by))
  const limited = page.limit(limitedTo<ReadOf<'list'>>(catalog, (list) => list.limit, from<'list'>(bind)))
  return build.selectFrom(limited.as('page')).select(rows(columns).as('answer'))
}
