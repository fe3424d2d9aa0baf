export { run } from '../packages/business-time/bench/business-time.bench.ts'
