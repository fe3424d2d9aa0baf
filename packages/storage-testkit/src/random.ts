/** Random numbers that a seed repeats: mulberry32 (T. Ettinger, 2017, public domain). */
export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number
  pick<T>(of: readonly T[]): T
  /** True once in `n` times. */
  oneIn(n: number): boolean
}

/** A sequence of random numbers of its own for each seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number) => Math.floor(next() * n)
  return { below, pick: (of) => of[below(of.length)]!, oneIn: (n) => below(n) === 0 }
}
