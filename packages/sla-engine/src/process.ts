export { compareProcess, type Effect, type ProcessComparison, type Side } from './process/compare.ts'
export {
  countProcess,
  type Length,
  type ProcessCount,
  type ProcessQuestion,
  type ProcessReport,
  type StepBetween,
  type Variant,
} from './process/count.ts'
export { type Activity, inOrder, type Trace, traceOf } from './process/trace.ts'
export { explainComparison } from './process/words.ts'
