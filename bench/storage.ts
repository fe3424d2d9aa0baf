export { run } from '../packages/storage-sql/bench/storage.bench.ts'
