import type { Fold } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { type Described, describeCondition } from './condition.ts'
import { limitedTo } from './fields.ts'
import { type Bind, conditionOf, from, orderOf, type Part, type ReadOf } from './read-part.ts'
import type { TablePlan } from './rows.ts'
import { decoder } from './values.ts'

/** Rows counted and summed per group, in the order of the groups. */
export function foldPart(catalog: Catalog, of: TablePlan, read: ReadOf<'fold'>): Part {
  const described: Described & { values: string[] } = { shape: '', values: [] }
  describeCondition(read.where, of.table, described)
  const decodeBy = read.by.map((column) => decoder(`${of.table.name}.${column}`, of.table.columns[column]!))
  const decodeSum = read.sum.map((column) => decoder(`the sum of ${of.table.name}.${column}`, SUMMED))
  const decode = (stored: unknown) =>
    (stored as readonly (readonly unknown[])[]).map(
      (row): Fold => ({
        by: Object.fromEntries(read.by.map((column, i) => [column, decodeBy[i]!(row[i])])),
        count: row[read.by.length] as number,
        sum: Object.fromEntries(read.sum.map((column, i) => [column, decodeSum[i]!(row[read.by.length + 1 + i]) as number])),
      }),
    )
  const shape = `fold ${of.table.name} ${described.shape} by ${read.by.join()} sum ${read.sum.join()}`
  return { read, shape, values: described.values, build: (bind) => foldQuery(catalog, of, read, bind), decode }
}

const SUMMED = { type: 'integer', nullable: false } as const

function foldQuery(catalog: Catalog, of: TablePlan, read: ReadOf<'fold'>, bind: Bind): Expression<unknown> {
  const { build, rows } = catalog.dialect
  const { by, sum } = read
  // no declared column has such a name
  const sums = sum.map((_, i) => `sum ${i}`)
  let groups = build
    .selectFrom(catalog.named(of.table.name))
    .where(conditionOf(catalog, of, read.where, bind))
    .select([
      ...by.map((column) => sql.ref(column).as(column)),
      sql`count(*)`.as('rows counted'),
      ...sum.map((column, i) => sql`coalesce(sum(${sql.ref(column)}), 0)`.as(sums[i]!)),
    ])
    .limit(limitedTo<ReadOf<'fold'>>(catalog, (fold) => fold.limit, from<'fold'>(bind)))
  for (const column of by) groups = groups.groupBy(sql.ref(column)).orderBy(orderOf(of, { column, direction: 'asc' }))
  return build.selectFrom(groups.as('page')).select(rows([...by, 'rows counted', ...sums]).as('answer'))
}
