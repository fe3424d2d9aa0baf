const MOST_TERMS = 1_000_000

/**
 * Gauss's series 2F1(a, b; c; z) for 0 ≤ z < 1, summed until a term changes nothing. Callers bring their formula into a form
 * (Euler's transformation) in which its terms fall; @stdlib's hyp2f1 brings some hundred packages and overflows where these do not.
 */
export function hypergeometric(a: number, b: number, c: number, z: number): number {
  let term = 1
  let sum = 1
  for (let n = 0; n < MOST_TERMS; n++) {
    term *= (((a + n) * (b + n)) / ((c + n) * (n + 1))) * z
    const next = sum + term
    if (next === sum) return sum
    sum = next
  }
  return sum
}
