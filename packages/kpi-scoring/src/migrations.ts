import type { PackageSchema } from '@patronkit/core/service'
import { credits, measurements, payees, periods, scores, statements, subjects, targets } from './tables.ts'
import { measurementView, scoreView, statementView, targetView } from './views.ts'

/** The tables and views of this package and the steps that lead to them. */
export const kpiSchema: PackageSchema = {
  package: 'kpi',
  tables: [subjects, measurements, targets, periods, scores, payees, credits, statements],
  views: [measurementView, targetView, scoreView, statementView],
  migrations: [
    {
      id: 1,
      about: 'subjects, measurements, targets, closed periods, scores',
      steps: [{ addTable: subjects }, { addTable: measurements }, { addTable: targets }, { addTable: periods }, { addTable: scores }],
    },
    {
      id: 2,
      about: 'views of measurements, targets and scores',
      steps: [{ addView: measurementView }, { addView: targetView }, { addView: scoreView }],
    },
    {
      id: 3,
      about: 'credits and statements of incentive plans',
      steps: [{ addTable: payees }, { addTable: credits }, { addTable: statements }, { addView: statementView }],
    },
  ],
}
