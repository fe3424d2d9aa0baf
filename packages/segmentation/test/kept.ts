import { defineList, defineSource, type Source } from '../src/index.ts'
import { customers } from './shop.ts'

const columnsOnly = ({ columns }: { readonly columns: Source['columns'] }) => ({ columns })
const { facts, relations } = customers.body

/** The shop's customers as those who are told about, and are in no table. */
export const told = defineSource({
  id: 'customers',
  columns: customers.body.columns,
  facts: columnsOnly(facts!),
  relations: { orders: columnsOnly(relations!.orders as { readonly columns: Source['columns'] }) },
})
export const friends = defineList({ id: 'friends', source: 'customers' })
