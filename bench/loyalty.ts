export { run } from '../packages/loyalty-points/bench/loyalty-points.bench.ts'
