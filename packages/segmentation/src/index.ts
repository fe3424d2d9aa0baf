import './refusals.ts'

export {
  type Asking,
  countMembers,
  countParts,
  explainMember,
  loadEntities,
  type MemberCount,
  membersOf,
  sqlOf,
} from './ask.ts'
export * from './members.ts'
export * from './needs.ts'
export * from './rules.ts'
export {
  defineSegment,
  type Position,
  type PromiseStanding,
  positionGaps,
  promisesKept,
  type Segment,
  type SegmentDefinition,
  type SegmentPromise,
  segmentSchema,
} from './segment.ts'
export * from './tiers.ts'
export * from './value.ts'
