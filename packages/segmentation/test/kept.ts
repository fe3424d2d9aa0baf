import { defineList, defineSource, type Source } from '../src/index.ts'
import { companies, customers } from './shop.ts'

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
/** Their companies, told about as well. */
export const firms = defineSource({ id: 'companies', columns: companies.body.columns, relations: companies.body.relations! })
