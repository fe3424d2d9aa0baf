import type { PatronkitError } from '@patronkit/core'
import { isPatronkitError } from '@patronkit/core'
import type { Command, Loyalty, Posting } from '../src/index.ts'

export const ACCOUNT = { account: 'c_1', programme: 'stars' }

/** Sends a command of the pure core through the service: the verb and the key are in its id. Time that passes is no verb. */
export function send(loyalty: Loyalty, command: Command, key: string): Promise<Posting> {
  const write = { idempotencyKey: key, at: command.at }
  switch (command.type) {
    case 'earn':
      return loyalty.earn({ ...write, ...ACCOUNT, ...(command.order ? { order: command.order } : { event: command.event! }) })
    case 'release-pending':
      return loyalty.settle({ ...write, ...ACCOUNT, posting: command.posting })
    case 'dismiss':
      return loyalty.dismiss({ ...write, ...ACCOUNT, posting: command.posting, reason: command.reason })
    case 'grant':
      return loyalty.adjust({ ...write, ...ACCOUNT, points: command.lots[0]!.points, reason: command.reason })
    case 'deduct':
      return loyalty.adjust({ ...write, ...ACCOUNT, points: -command.points, reason: command.reason })
    case 'hold':
      return loyalty.hold({
        ...write,
        ...ACCOUNT,
        points: command.points,
        for: { seconds: (command.until - command.at) / 1_000 },
        order: command.order!,
      })
    case 'capture':
      return loyalty.capture({ ...write, hold: command.hold, ...(command.points === undefined ? {} : { points: command.points }) })
    case 'release':
      return loyalty.release({ ...write, hold: command.hold })
    case 'replace':
      return loyalty.replace({
        ...write,
        hold: command.hold,
        points: command.points,
        for: { seconds: (command.until - command.at) / 1_000 },
        order: command.order!,
      })
    case 'redeem':
      return loyalty.redeem({ ...write, ...ACCOUNT, points: command.points!, ...(command.order ? { order: command.order } : {}) })
    case 'refund':
      return loyalty.refund({ ...write, order: command.order, amount: command.amount })
    case 'reverse':
      return loyalty.reverse({ ...write, posting: command.posting, ...(command.points === undefined ? {} : { points: command.points }) })
    case 'reinstate':
      return loyalty.reinstate({ ...write, ...ACCOUNT, days: command.days, until: command.until })
    case 'freeze':
      return loyalty.freeze({ ...write, ...ACCOUNT, reason: command.reason })
    case 'unfreeze':
      return loyalty.unfreeze({ ...write, ...ACCOUNT })
    case 'claim':
      return loyalty.claim({ ...write, ...ACCOUNT, offer: command.offer })
    case 'pass-time':
      throw new Error('time passes by itself')
  }
}

/** The code of a refusal, or the answer. */
export async function answered<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work()
  } catch (error) {
    if (isPatronkitError(error)) return (error as PatronkitError).code
    throw error
  }
}
