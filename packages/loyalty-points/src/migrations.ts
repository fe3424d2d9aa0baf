import { instant, nullable, type PackageSchema, type Table } from '@patronkit/core/service'
import {
  accounts,
  anchors,
  budgets,
  codes,
  codeUses,
  counters,
  entries,
  holds,
  leaves,
  lots,
  merges,
  movements,
  orders,
  postings,
  referrals,
  reviews,
  spends,
  statements,
  stock,
} from './tables.ts'
import { balanceView, entryView, holdView, lotView } from './views.ts'

const tables = [
  accounts,
  lots,
  holds,
  postings,
  entries,
  spends,
  orders,
  merges,
  reviews,
  counters,
  movements,
  budgets,
  stock,
  codes,
  codeUses,
  referrals,
  statements,
  anchors,
  leaves,
]
/** Holds as the first step made them. */
const { counted_at: _, ...firstColumns } = holds.columns
const first = tables.map((one): Table => (one === holds ? { ...holds, columns: firstColumns } : one))

const views = [balanceView, lotView, holdView, entryView]

/** The tables and views of this package and the steps that lead to them. */
export const loyaltySchema: PackageSchema = {
  package: 'loyalty',
  tables,
  views,
  migrations: [
    { id: 1, about: 'accounts, lots, holds, the books and what they stand on', steps: first.map((addTable) => ({ addTable })) },
    { id: 2, about: 'views of balances, lots, holds and entries', steps: views.map((addView) => ({ addView })) },
    {
      id: 3,
      about: 'when a hold was taken, for limits on spending',
      steps: [{ addColumn: { table: holds.name, column: 'counted_at', type: nullable(instant()) } }],
    },
  ],
}
