import { any, field, type Pred } from '@patronkit/core'
import type { MetricRule } from './policy.ts'

const never: Pred = any()
const ended = ['resolved', 'closed']
const status = (...values: readonly string[]): Pred => field('status').in(values)

/**
 * The metrics every policy knows. Those over statuses read the attribute `status` with the words new, open, pending, hold,
 * solved, closed; give the metric's rule anew where yours are others.
 */
export const METRICS: { readonly [metric: string]: MetricRule } = {
  /** From the opening to the first answer. */
  'first-reply': { start: 'opened', stop: 'reply' },
  /** From the oldest question that is not answered to its answer; after the first reply. */
  'next-reply': {
    start: { op: 'all', of: [field('fact.request').eq(true), field('item.replied').eq(true)] },
    stop: 'reply',
    cancel: ended,
    repeats: true,
  },
  /** From one answer to the next, whether or not somebody asked. */
  'periodic-update': { start: 'reply', stop: 'reply', cancel: ended, repeats: true, pauseWhile: never },
  /** The same, standing while the customer is waited for. */
  'pausable-update': { start: 'reply', stop: 'reply', cancel: ended, repeats: true, pauseWhile: status('pending') },
  /** The time in which the customer waits: new, open, on hold. */
  'requester-wait': { start: 'created', stop: ended, reopen: 'reopened', pauseWhile: status('pending', 'solved', 'closed') },
  /** The time in which the agents could work: new, open. */
  'agent-work': { start: 'created', stop: ended, reopen: 'reopened', pauseWhile: status('pending', 'hold', 'solved', 'closed') },
  /** From creation to the end, without what the policy calls a pause. */
  resolution: { start: 'created', stop: ended, reopen: 'reopened' },
  /** From creation to the end, whatever happens in between. */
  'total-resolution': { start: 'created', stop: ended, reopen: 'reopened', pauseWhile: never },
  'time-to-own': { start: 'created', stop: 'assigned' },
  /** While one team has it: for policies with `per`. */
  ownership: { start: 'created', stop: ended, reopen: 'reopened' },
}
