import type { Deps } from './create-service.ts'

export { memoryRows } from './interpret/memory.ts'
export { promisedStorage } from './interpret/promised.ts'
export { tickUntil } from './tick-until.ts'

/**
 * Chance that repeats: the same seed gives the same bytes. For tests that compare event logs byte for byte.
 * Not for anything that has to be hard to guess.
 */
export function seededRandom(seed: number): NonNullable<Deps['random']> {
  let state = seed >>> 0
  return (bytes) => Uint8Array.from({ length: bytes }, () => nextByte())

  // mulberry32 (Tommy Ettinger, 2017)
  function nextByte(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) & 0xff
  }
}
