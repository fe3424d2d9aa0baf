/**
 * Shares out a change among the things that changed: the effect of each is its average over all orders in which they could have
 * changed one after the other (Shapley, 1953), so the effects sum to the whole change. With two factors of a product this is the
 * midpoint rule of Kitagawa (1955). `at(now)` answers the figure where those with `now[i]` have changed and the others have not.
 */
export function effectsOf(count: number, at: (now: readonly boolean[]) => number): number[] {
  const figures = Array.from({ length: 2 ** count }, (_, mask) => at(Array.from({ length: count }, (_, i) => (mask & (1 << i)) !== 0)))
  const weightOf = Array.from({ length: count }, (_, size) => (factorial(size) * factorial(count - size - 1)) / factorial(count))
  return Array.from({ length: count }, (_, i) => {
    let effect = 0
    for (let mask = 0; mask < figures.length; mask++) {
      if (mask & (1 << i)) continue
      effect += weightOf[ones(mask)]! * (figures[mask | (1 << i)]! - figures[mask]!)
    }
    return effect
  })
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

const ones = (mask: number): number => (mask === 0 ? 0 : (mask & 1) + ones(mask >> 1))
