import { NO_HEAD, type OrderBy, type Read, type Steps } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { buildCondition, type Described, describeCondition } from './condition.ts'
import { unknownColumn } from './errors.ts'
import { EVENT_COLUMNS, eventOf } from './events.ts'
import { type Fields, int, limitedTo, matching, tenantPick, text } from './fields.ts'
import { arrayOf } from './postgres-sets.ts'
import { type TablePlan, whereKey } from './rows.ts'
import { ask, kept, type Pick, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { textParameter } from './values.ts'
import { eventTable, headTable } from './work-tables.ts'

/** One read on its way: what names its shape, the values its condition takes, and how its answer is understood. */
interface Part {
  readonly read: Read
  readonly shape: string
  readonly values: readonly string[]
  /** Builds the read; `bind` makes a parameter of a pick from this part. */
  readonly build: (bind: Bind) => Expression<unknown>
  readonly decode: (stored: unknown) => unknown
}

type Bind = (pick: Pick<Part>) => Expression<unknown>

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
    const parts = reads.map((read) => partOf(catalog, plan, read))
    const asked = askedOf(catalog, parts)
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

const NONE: readonly string[] = []

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
  }
}

type ReadOf<K extends Read['read']> = Extract<Read, { read: K }>
/** Picks from the read of a part, whose kind the shape has fixed. */
const from =
  <K extends Read['read']>(bind: Bind) =>
  (pick: Pick<ReadOf<K>>): Expression<unknown> =>
    bind(pick === tenantPick ? tenantPick : (tenant, part) => pick(tenant, part.read as ReadOf<K>))

const subject: Fields<{ readonly kind: string; readonly subject: string }> = {
  tenant: tenantPick,
  kind: text((read) => read.kind),
  subject: text((read) => read.subject),
}

function headQuery(catalog: Catalog, bind: Bind): Expression<unknown> {
  return catalog.dialect.build
    .selectFrom(catalog.named(headTable.name))
    .where(matching(catalog, headTable, subject, from<'head'>(bind)))
    .select(catalog.dialect.row(['version', 'last_at', 'seq', 'chain']).as('answer'))
}

function decodeHead(stored: unknown): unknown {
  if (stored === null) return NO_HEAD
  const [version, lastAt, seq, chain] = stored as [number, number, number, string]
  return { version, lastAt, seq, chain }
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
  return {
    read,
    shape: `list ${of.table.name} ${described.shape} ${order}`,
    values: described.values,
    build: (bind) => listQuery(catalog, of, read, bind),
    decode: (stored) => (stored as readonly (readonly unknown[])[]).map((row) => of.decodeRow(row)),
  }
}

function listQuery(catalog: Catalog, of: TablePlan, read: ReadOf<'list'>, bind: Bind): Expression<unknown> {
  const { build, rows } = catalog.dialect
  let value = 0
  const next = () => {
    const i = value++
    return bind((_, part) => part.values[i]!)
  }
  let page = build
    .selectFrom(catalog.named(of.table.name))
    .where(sql.ref('tenant'), '=', bind(tenantPick))
    .where(buildCondition(read.where, of.table, catalog.dialect, next))
    .select(of.columns.map((column) => sql.ref(column).as(column)))
  for (const by of read.order) page = page.orderBy(orderOf(of, by))
  const limited = page.limit(limitedTo<ReadOf<'list'>>(catalog, (list) => list.limit, from<'list'>(bind)))
  return build.selectFrom(limited.as('page')).select(rows(of.columns).as('answer'))
}

/** Missing values first, whatever the engine would do by itself. */
function orderOf(of: TablePlan, by: OrderBy): Expression<unknown> {
  const column = Object.hasOwn(of.table.columns, by.column) ? of.table.columns[by.column] : undefined
  if (!column) throw unknownColumn(of.table.name, by.column)
  const desc = by.direction === 'desc'
  if (!column.nullable && column.type !== 'json') return desc ? sql`${sql.ref(by.column)} desc` : sql`${sql.ref(by.column)} asc`
  return desc ? sql`${sql.ref(by.column)} desc nulls last` : sql`${sql.ref(by.column)} asc nulls first`
}
