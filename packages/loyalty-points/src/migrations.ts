import type { PackageSchema } from '@patronkit/core/service'
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
const views = [balanceView, lotView, holdView, entryView]

/** The tables and views of this package and the steps that lead to them. */
export const loyaltySchema: PackageSchema = {
  package: 'loyalty',
  tables,
  views,
  migrations: [
    { id: 1, about: 'accounts, lots, holds, the books and what they stand on', steps: tables.map((addTable) => ({ addTable })) },
    { id: 2, about: 'views of balances, lots, holds and entries', steps: views.map((addView) => ({ addView })) },
  ],
}
