import type { MaybePromise, RowStore, Session } from '@patronkit/core/storage'

/** Fails the n-th call that goes through it, before or after the call was made; with `dead` every later one too. Counts the calls. */
export function trouble() {
  const state = { left: Number.POSITIVE_INFINITY, when: 'before' as 'before' | 'after', dead: false, struck: false, calls: 0 }
  const strike = (): never => {
    state.struck = true
    throw new Error('the power went out')
  }
  const around = <T>(work: () => MaybePromise<T>): MaybePromise<T> => {
    if (state.struck && state.dead) return strike()
    state.calls++
    const mine = --state.left === 0
    if (mine && state.when === 'before') return strike()
    const answer = work()
    if (!mine) return answer
    return answer instanceof Promise ? answer.then(strike) : strike()
  }
  const session = (inner: Session): Session => {
    const { transaction } = inner
    return {
      ...inner,
      run: (text, params) => around(() => inner.run(text, params)),
      ...(transaction ? { transaction: async (work) => await around(() => transaction((own) => work(session(own)))) } : {}),
    }
  }
  const rows = (inner: RowStore): RowStore => ({
    get: (key) => around(() => inner.get(key)),
    scan: (range) => around(() => inner.scan(range)),
    put: (key, value) => around(() => inner.put(key, value)),
    remove: (key) => around(() => inner.remove(key)),
    atomically: (work) => around(() => inner.atomically(work)),
  })
  return { state, session, rows }
}

export type Trouble = ReturnType<typeof trouble>
