import { PatronkitError } from './errors.ts'
import { isPromise } from './steps.ts'

/** Refuses work that answered with a promise. What becomes of the promise concerns nobody any more. */
export function refusePromise(work: string, answer: unknown): void {
  if (!isPromise(answer)) return
  answer.catch(() => undefined)
  throw asyncInSync(work)
}

/** The refusal of work that answers with a promise where it has to end before the transaction does. */
export const asyncInSync = (verb: string): PatronkitError<'core/async-in-sync-transaction'> =>
  new PatronkitError({
    code: 'core/async-in-sync-transaction',
    message: `${verb} was called with a promise inside a synchronous transaction, which would commit before it is done. Call it on .in(session).sync.`,
    details: { verb },
  })
