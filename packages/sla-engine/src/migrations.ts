import type { PackageSchema } from '@patronkit/core/service'
import { clocks, facts, items } from './tables.ts'
import { clockView, itemView } from './views.ts'

/** The tables and views of this package and the steps that lead to them. */
export const slaSchema: PackageSchema = {
  package: 'sla',
  tables: [items, facts, clocks],
  views: [clockView, itemView],
  migrations: [
    { id: 1, about: 'items, facts, clocks', steps: [{ addTable: items }, { addTable: facts }, { addTable: clocks }] },
    { id: 2, about: 'views of clocks and items', steps: [{ addView: clockView }, { addView: itemView }] },
  ],
}
