export { runSweep as run } from '../packages/storage-sql/bench/sweep.bench.ts'
