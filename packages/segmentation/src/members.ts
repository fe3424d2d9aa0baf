import './refusals.ts'

export {
  type MembershipEvent,
  type Memberships,
  membersAt,
  NO_MEMBERSHIPS,
  nextLookAt,
  type SegmentBook,
  type Settled,
  segmentBook,
} from './members/book.ts'
export { type Changed, type Dependencies, dependenciesOf } from './members/dependencies.ts'
export { lookAtNext } from './members/look-at.ts'
