export { run } from '../packages/sla-engine/bench/reports.bench.ts'
