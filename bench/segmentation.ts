export { run } from '../packages/segmentation/bench/segmentation.bench.ts'
