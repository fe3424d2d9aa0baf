export { type Check, examine, type Finding } from './doctor.ts'
export { createPatronkit, type Domains, type Kit } from './kit.ts'
export { payStatementPage } from './kpi-report/statement-page.ts'
