import { compareText, LANES, laneOf } from './text.ts'

/** How many lanes with news a page of the feed is shared by at most. */
export const LANES_A_PAGE = 8

/** How many places behind `from` a lane stands, going round. */
export const lanesBehind = (from: number, lane: number): number => (((lane - from) % LANES) + LANES) % LANES

/**
 * The order in which tenants take turns: by lane, within a lane by name, beginning behind the tenant `after` and going
 * round, so that `after` itself comes last.
 */
export function turnsAfter(after: string): (a: string, b: string) => number {
  const start = laneOf(after)
  const place = (tenant: string): number => {
    const behind = lanesBehind(start, laneOf(tenant))
    return behind === 0 && compareText(tenant, after) <= 0 ? LANES : behind
  }
  return (a, b) => place(a) - place(b) || compareText(a, b)
}

/** A timer that could be leased, as far as the order of a claim depends on it. */
export interface Ripe {
  readonly tenant: string
  readonly queue: string
  readonly key: string
  readonly dueAt: number
}

/** The order of a claim: the oldest of each tenant, in turn, then the second oldest of each, and so on; at most `limit`. */
export function dealt<T extends Ripe>(ripe: readonly T[], after: string, limit: number): readonly T[] {
  const tenants = new Map<string, T[]>()
  for (const timer of ripe) {
    const own = tenants.get(timer.tenant)
    if (own) own.push(timer)
    else tenants.set(timer.tenant, [timer])
  }
  const turns = [...tenants.keys()].sort(turnsAfter(after)).map((tenant) => tenants.get(tenant)!.sort(oldestFirst))
  const dealt: T[] = []
  for (let round = 0; dealt.length < limit; round++) {
    const before = dealt.length
    for (const own of turns) if (round < own.length && dealt.length < limit) dealt.push(own[round]!)
    if (dealt.length === before) break
  }
  return dealt
}

/**
 * Whether timers fill a claim when `most` were read of each tenant: no tenant's turn then reaches past what was read. Else
 * more is to be read of those that gave so many.
 */
export function fills(ripe: readonly Ripe[], most: number, limit: number): boolean {
  const read = new Map<string, number>()
  for (const { tenant } of ripe) read.set(tenant, (read.get(tenant) ?? 0) + 1)
  let turns = 0
  for (const count of read.values()) turns += Math.min(count, most)
  return turns >= limit
}

const oldestFirst = (a: Ripe, b: Ripe): number => a.dueAt - b.dueAt || compareText(a.queue, b.queue) || compareText(a.key, b.key)

/** How many events each lane gives to a page of the feed when so many lanes have news. */
export const shareOf = (limit: number, lanes: number): number => Math.max(1, Math.floor(limit / Math.min(lanes, LANES_A_PAGE)))
