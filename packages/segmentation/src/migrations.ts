import { instant, integer, json, nullable, type PackageSchema, table, text } from '@patronkit/core/service'
import { belongings, customers, facts, stays } from './tables.ts'
import { customerView, memberView, stayView } from './views.ts'

/** The customers as the first step made them; columns that came later are added by later steps. */
const firstCustomers = table(
  'segments_customer',
  {
    source: text(),
    customer: text(),
    profile: json(),
    told: json(),
    related: json(),
    lists: json(),
    facts: integer(),
    stays: integer(),
    inside: json(),
    look: json(),
    as_of: instant(),
    known_at: instant(),
    look_at: nullable(instant()),
    rules: text(),
    trouble: nullable(text()),
  },
  {
    key: ['source', 'customer'],
    subject: ['source', 'customer'],
    indexes: { by_rules: ['source', 'rules'], by_look: ['source', 'look_at'], by_trouble: ['source', 'trouble'] },
  },
)

/** The tables and views of this package and the steps that lead to them. */
export const segmentsSchema: PackageSchema = {
  package: 'segments',
  tables: [customers, facts, stays, belongings],
  views: [memberView, stayView, customerView],
  migrations: [
    {
      id: 1,
      about: 'customers, their facts and their stays in segments',
      steps: [{ addTable: firstCustomers }, { addTable: facts }, { addTable: stays }],
    },
    {
      id: 2,
      about: 'views of members, stays and customers',
      steps: [{ addView: memberView }, { addView: stayView }, { addView: customerView }],
    },
    {
      id: 3,
      about: 'customers who belong to others',
      // a version that knows nothing of this would change people behind the back of their company
      breaking: true,
      steps: [
        { addColumn: { table: 'segments_customer', column: 'linked', type: nullable(text()) } },
        { addIndex: { table: 'segments_customer', index: 'by_linked', columns: ['source', 'linked'] } },
        { addTable: belongings },
      ],
    },
  ],
}
