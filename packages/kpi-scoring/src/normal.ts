const HALF_LOG_2PI = 0.9189385332046728

/** Density of the standard normal distribution. */
export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x - HALF_LOG_2PI)

/**
 * The standard normal distribution to the last digits of a double: the series x + x³/3 + x⁵/(3·5) + … (Marsaglia, Evaluating the
 * normal distribution, Journal of Statistical Software 11, 2004), and a continued fraction in the tails. Libraries that answer as
 * exactly bring some 140 packages; those that are small stop at seven digits.
 */
export function normalShare(x: number): number {
  if (x < 0) return x < -3 ? tail(-x) : 1 - normalShare(-x)
  if (x > 6) return 1 - tail(x)
  let sum = x
  let term = x
  for (let n = 3; sum + term !== sum; n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return 0.5 + sum * normalDensity(x)
}

/** What lies beyond x ≥ 3: φ(x) / (x + 1/(x + 2/(x + 3/…))). */
function tail(x: number): number {
  if (x > 38) return 0
  let fraction = x
  for (let k = 100; k > 0; k--) fraction = x + k / fraction
  return normalDensity(x) / fraction
}

/** The value below which a share of the standard normal distribution lies, by Newton's method from the middle. */
export function normalQuantile(share: number): number {
  if (share < 0.5) return -normalQuantile(1 - share)
  let x = 0
  for (let step = 1, turn = 0; Math.abs(step) > 1e-15 * Math.max(1, x) && turn < 200; turn++) {
    step = (share - normalShare(x)) / normalDensity(x)
    x += step
  }
  return x
}

/** Student's t distribution with whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4): the share below x. */
export function studentShare(x: number, degrees: number): number {
  const angle = Math.atan2(Math.abs(x), Math.sqrt(degrees))
  const cosine2 = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let within = 0
  for (let k = odd ? 3 : 2, term = odd ? Math.cos(angle) : 1; k <= degrees; k += 2) {
    within += term
    term *= (cosine2 * (k - 1)) / k
  }
  within *= Math.sin(angle)
  if (odd) within = (2 / Math.PI) * (angle + within)
  return x < 0 ? (1 - within) / 2 : (1 + within) / 2
}

/** The value below which a share of Student's distribution lies, by halving. Above 1,000 degrees it is the normal one. */
export function studentQuantile(share: number, degrees: number): number {
  if (degrees > 1_000) return normalQuantile(share)
  if (share < 0.5) return -studentQuantile(1 - share, degrees)
  let low = 0
  let high = 2
  while (studentShare(high, degrees) < share && high < 1e12) high *= 2
  for (let turn = 0; turn < 120 && high - low > 1e-14 * high; turn++) {
    const middle = (low + high) / 2
    if (studentShare(middle, degrees) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}
