import { Matrix, solve } from 'ml-matrix'
import { noConvergence } from '../refusals.ts'

const STEPS = 2_000

/**
 * The positive parameters that maximise a smooth log-likelihood: a simplex (Nelder and Mead, 1965) over their logarithms, then
 * Newton's steps on differences, which take the last digits. Own code because no kept library does it: fmin, the one that is
 * used, had its last release years ago and stops at the simplex's precision.
 */
export function maximise(model: string, likelihood: (parameters: readonly number[]) => number, start: readonly number[]): number[] {
  const at = (logs: readonly number[]) => {
    const found = likelihood(logs.map(Math.exp))
    return Number.isNaN(found) ? Number.POSITIVE_INFINITY : -found
  }
  const near = polished(at, simplex(model, at, start.map(Math.log), 1e-3))
  if (near.settled) return near.x.map(Math.exp)
  // a flat corner, where Newton's steps lead nowhere: once more by the simplex alone, as far as it goes
  return polished(at, simplex(model, at, near.x, 1e-6)).x.map(Math.exp)
}

interface Corner {
  readonly x: readonly number[]
  readonly y: number
}

function simplex(model: string, at: (x: readonly number[]) => number, start: readonly number[], until: number): readonly number[] {
  const corner = (x: readonly number[]): Corner => ({ x, y: at(x) })
  const n = start.length
  const corners = [corner(start), ...start.map((_, i) => corner(start.map((value, j) => (i === j ? value + 0.25 : value))))]
  for (let step = 0; step < STEPS; step++) {
    corners.sort((a, b) => a.y - b.y)
    const [first, last] = [corners[0]!, corners[n]!]
    const spread = Math.max(...last.x.map((value, i) => Math.abs(value - first.x[i]!)))
    if (spread < until && last.y - first.y < 1e-6 * Math.abs(first.y)) return first.x
    const middle = start.map((_, i) => corners.slice(0, n).reduce((sum, one) => sum + one.x[i]!, 0) / n)
    const along = (t: number) => corner(middle.map((value, i) => value + t * (last.x[i]! - value)))
    const reflected = along(-1)
    if (reflected.y < first.y) {
      const further = along(-2)
      corners[n] = further.y < reflected.y ? further : reflected
    } else if (reflected.y < corners[n - 1]!.y) corners[n] = reflected
    else {
      const nearer = reflected.y < last.y ? along(-0.5) : along(0.5)
      if (nearer.y < Math.min(last.y, reflected.y)) corners[n] = nearer
      else for (let i = 1; i <= n; i++) corners[i] = corner(corners[i]!.x.map((value, j) => (value + first.x[j]!) / 2))
    }
  }
  throw noConvergence(model, STEPS)
}

/** Newton's steps from beside the bottom; one that does not go down is not taken. */
function polished(
  at: (x: readonly number[]) => number,
  from: readonly number[],
): { readonly x: readonly number[]; readonly settled: boolean } {
  let x = from
  let y = at(x)
  for (let step = 0; step < 10; step++) {
    const next = newton(at, x, y)
    if (!next) return { x, settled: false }
    const found = at(next)
    // equal up to the noise of the sum counts as down: the step is exact to more digits than the sum is
    if (!(found <= y + 1e-12 * Math.abs(y))) return { x, settled: false }
    const moved = Math.max(...next.map((value, i) => Math.abs(value - x[i]!)))
    x = next
    y = found
    if (moved < 1e-7) return { x, settled: true }
  }
  return { x, settled: false }
}

function newton(at: (x: readonly number[]) => number, x: readonly number[], y: number): number[] | null {
  const h = 1e-3
  const moved = (...steps: readonly (readonly [number, number])[]) => {
    const to = [...x]
    for (const [i, by] of steps) to[i]! += by
    return at(to)
  }
  // differences of the fourth order: their error is h⁴, below the noise of the sum
  const slope = x.map((_, i) => (8 * (moved([i, h]) - moved([i, -h])) - (moved([i, 2 * h]) - moved([i, -2 * h]))) / (12 * h))
  const bend = x.map((_, i) =>
    x.map((_, j) =>
      i === j
        ? (moved([i, h]) - 2 * y + moved([i, -h])) / (h * h)
        : (moved([i, h], [j, h]) - moved([i, h], [j, -h]) - moved([i, -h], [j, h]) + moved([i, -h], [j, -h])) / (4 * h * h),
    ),
  )
  try {
    const step = solve(new Matrix(bend), Matrix.columnVector(slope)).to1DArray()
    const next = x.map((value, i) => value - step[i]!)
    return next.every(Number.isFinite) && step.every((size) => Math.abs(size) < 0.1) ? next : null
  } catch {
    return null
  }
}
