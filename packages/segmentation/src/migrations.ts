import type { PackageSchema } from '@patronkit/core/service'
import { customers, facts, stays } from './tables.ts'
import { customerView, memberView, stayView } from './views.ts'

/** The tables and views of this package and the steps that lead to them. */
export const segmentsSchema: PackageSchema = {
  package: 'segments',
  tables: [customers, facts, stays],
  views: [memberView, stayView, customerView],
  migrations: [
    {
      id: 1,
      about: 'customers, their facts and their stays in segments',
      steps: [{ addTable: customers }, { addTable: facts }, { addTable: stays }],
    },
    {
      id: 2,
      about: 'views of members, stays and customers',
      steps: [{ addView: memberView }, { addView: stayView }, { addView: customerView }],
    },
  ],
}
