import type { MaybePromise } from './port.ts'

/** An operation written as a generator: it yields what it needs from outside and is given the answer. */
export type Steps<Y, T> = Generator<Y, T, unknown>

/**
 * Runs an operation to its end. While `perform` answers at once the stack is never left, so the whole of it fits
 * inside a synchronous transaction; from the first promise on it goes on asynchronously.
 */
export function drive<Y, T>(steps: Steps<Y, T>, perform: (asked: Y) => unknown): MaybePromise<T> {
  let turn = steps.next()
  while (!turn.done) {
    let answer: unknown
    try {
      answer = perform(turn.value)
    } catch (error) {
      turn = steps.throw(error)
      continue
    }
    if (isPromise(answer)) return driveOn(steps, answer, perform)
    turn = steps.next(answer)
  }
  return turn.value
}

async function driveOn<Y, T>(steps: Steps<Y, T>, first: Promise<unknown>, perform: (asked: Y) => unknown): Promise<T> {
  let pending: unknown = first
  for (;;) {
    let turn: IteratorResult<Y, T>
    try {
      turn = steps.next(await pending)
    } catch (error) {
      turn = steps.throw(error)
    }
    if (turn.done) return turn.value
    try {
      pending = perform(turn.value)
    } catch (error) {
      pending = Promise.reject(error)
    }
  }
}

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

/** Goes on from an answer: at once when it is there, without leaving the stack, else when it comes. */
export const whenDone = <T, U>(answer: MaybePromise<T>, then: (value: T) => MaybePromise<U>): MaybePromise<U> =>
  isPromise(answer) ? (answer as Promise<T>).then(then) : then(answer as T)
