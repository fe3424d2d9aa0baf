import type { MaybePromise } from '@patronkit/core/storage'

/** On an asynchronous driver operations wait for one another: they share one connection, and a transaction is the connection's. */
export function takingTurns(): <T>(work: () => MaybePromise<T>) => MaybePromise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
