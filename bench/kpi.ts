export { run } from '../packages/kpi-scoring/bench/kpi-scoring.bench.ts'
