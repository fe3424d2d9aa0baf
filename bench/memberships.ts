export { run } from '../packages/segmentation/bench/memberships.bench.ts'
