/** Chance that repeats: the same seed gives the same draws in the same order. */
export interface Chance {
  /** Evenly in [0, 1). */
  next(): number
  /** True with this probability. */
  is(probability: number): boolean
  /** The place drawn from weights of any sum. */
  among(weights: readonly number[]): number
  /** Log-normal, as lengths of work and of waiting are: half lie below the median, the spread is that of the logarithm. */
  length(median: number, spread: number): number
}

/** A source of chance for simulations; not for anything that has to be hard to guess. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0

  // mulberry32 (Tommy Ettinger, 2017)
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }

  function among(weights: readonly number[]): number {
    let left = next() * weights.reduce((sum, weight) => sum + weight, 0)
    const place = weights.findIndex((weight) => {
      left -= weight
      return left < 0
    })
    return place < 0 ? weights.length - 1 : place
  }

  // Box and Muller (1958); 1 - next() is never 0, of which there is no logarithm
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

  return {
    next,
    is: (probability) => next() < probability,
    among,
    length: (median, spread) => median * Math.exp(spread * normal()),
  }
}
