import type { ConsumerState, FedEvent, FeedPage, FeedRequest } from '../port.ts'
import { LANES } from '../text.ts'
import { shareOf } from '../turns.ts'
import { asEvent } from './commit.ts'
import { after, type Doing, getKept, type Kept, keyOf, putKept, type RowStore, removeKept, scanKept } from './row-store.ts'

/** Gives positions to events that have none, dense and from 1 in each lane, older recordings first. */
function* sequence(store: RowStore): Doing<void> {
  const waiting = keyOf('unsequenced')
  for (;;) {
    const page = yield* scanKept(store, waiting, after(waiting), 1_000)
    for (const [key, entry] of page) {
      const lane = entry.lane as number
      const position = (((yield* getKept(store, keyOf('lane', lane)))?.last as number | undefined) ?? 0) + 1
      yield* putKept(store, keyOf('lane', lane), { last: position })
      yield* putKept(store, keyOf('fed', lane, position), { at: entry.at!, position })
      yield* removeKept(store, key)
    }
    if (page.length < 1_000) return
  }
}

export function* feedPage(store: RowStore, request: FeedRequest): Doing<FeedPage> {
  yield* sequence(store)
  const news = yield* lanesWithNews(store, request)
  const share = shareOf(request.limit, news.length)
  const events: FedEvent[] = []
  const states: ConsumerState[] = []
  for (const state of news) {
    const { lane } = state
    const from = keyOf('fed', lane, state.position + 1)
    const page = yield* scanKept(store, from, after(keyOf('fed', lane)), Math.min(share, request.limit - events.length))
    if (page.length === 0) continue
    states.push(state)
    for (const [, entry] of page) {
      const kept = (yield* getKept(store, entry.at as string))!
      events.push({ ...asEvent(kept), lane, position: entry.position as number })
    }
  }
  return { events, states }
}

function* lanesWithNews(store: RowStore, request: FeedRequest): Doing<readonly ConsumerState[]> {
  const states: ConsumerState[] = []
  for (let turn = 0; turn < LANES; turn++) {
    const lane = ((request.lane ?? 0) + turn) % LANES
    const last = ((yield* getKept(store, keyOf('lane', lane)))?.last as number | undefined) ?? 0
    if (last === 0) continue
    const state = yield* consumerState(store, request.consumer, lane)
    if (state.position < last && state.retryAt <= request.now) states.push(state)
  }
  return states
}

function* consumerState(store: RowStore, consumer: string, lane: number): Doing<ConsumerState> {
  const kept = yield* getKept(store, keyOf('consumer', consumer, lane))
  return (kept as unknown as ConsumerState | undefined) ?? { consumer, lane, position: 0, attempts: 0, retryAt: 0, lastError: null }
}

export function* advanceConsumer(store: RowStore, from: number, to: ConsumerState): Doing<boolean> {
  const state = yield* consumerState(store, to.consumer, to.lane)
  if (state.position !== from) return false
  yield* putKept(store, keyOf('consumer', to.consumer, to.lane), { ...to } as Kept)
  return true
}
