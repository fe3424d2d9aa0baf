export { run } from '../packages/sla-engine/bench/sla.bench.ts'
