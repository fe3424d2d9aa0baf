export { defineServiceLevel } from './service-level/define.ts'
export {
  type Broken,
  type Judgement,
  judgeServiceLevel,
  type ServiceLevelCount,
  type Standing,
  type Verdict,
} from './service-level/judge.ts'
export type { Credits, Exclusion, ServiceLevel, ServiceLevelDefinition } from './service-level/model.ts'
export { explainServiceLevel } from './service-level/words.ts'
