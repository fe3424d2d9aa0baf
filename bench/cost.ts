export { run } from '../packages/patronkit/bench/cost.bench.ts'
