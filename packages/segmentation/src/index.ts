import './refusals.ts'

export type { CustomerSegments, Membership } from './answer.ts'
export type { AnsweredBy, Freshness, MemberPage, Members, MemberView, Population, SegmentExplanation, Statement, Stay } from './ask.ts'
export type { Cause, MembershipChange } from './customer.ts'
export type { Listed, Listing } from './enlist.ts'
export type { Erased } from './erase.ts'
export { type CustomerList, defineList, type ListDefinition } from './list.ts'
export * from './members.ts'
export * from './needs.ts'
export {
  type Asking,
  countMembers,
  countParts,
  explainMember,
  loadEntities,
  type MemberCount,
  membersOf,
  type PartLeft,
  sqlOf,
} from './over-tables.ts'
export type { PublishPreview, SegmentPreview } from './preview-count.ts'
export type { CustomerFact, CustomerRecorded, RecordCustomer } from './record.ts'
export type { Resegment } from './resegment.ts'
export * from './rules.ts'
export type { Bounds, Sample, Sampled } from './sampling.ts'
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
export { createSegments, type Segments, type SegmentsDeps } from './service.ts'
export * from './tiers.ts'
export * from './value.ts'
