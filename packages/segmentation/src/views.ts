import { field, type View, view } from '@patronkit/core/service'
import { customers, stays } from './tables.ts'

/** Who is in a segment, as far as facts and `tick` have taken it. */
export const memberView: View = view('segments_member_v1', {
  from: stays,
  where: field('left_at').eq(null),
  columns: { source: 'source', segment: 'segment', customer: 'customer', since: 'entered_at', version: 'entered_version' },
})

/** Every stay in a segment, those that ended too: for who was in when. A cause is `fact/…`, `list/…`, `member/…`, `profile`, `related`, `time` or `rule`. */
export const stayView: View = view('segments_stay_v1', {
  from: stays,
  columns: {
    source: 'source',
    segment: 'segment',
    customer: 'customer',
    stay: 'stay',
    entered_at: 'entered_at',
    entered_version: 'entered_version',
    entered_cause: 'entered_cause',
    left_at: 'left_at',
    left_version: 'left_version',
    left_cause: 'left_cause',
  },
})

/** Customers with their profiles, and up to when time was passed for them. */
export const customerView: View = view('segments_customer_v1', {
  from: customers,
  columns: { source: 'source', customer: 'customer', profile: 'profile', as_of: 'as_of', look_at: 'look_at', trouble: 'trouble' },
})
