import { sampleKurtosis, sampleSkewness } from 'simple-statistics'
import { extent } from '../checks.ts'

/** When a measure's outliers are pulled in, and how far. */
export interface Treatment {
  /** Left as it is where |skewness| is below this … */
  readonly skewness?: number
  /** … or kurtosis is. Both are the bias-corrected sample figures (G₁, G₂). */
  readonly kurtosis?: number
  /** How many points may be set to the next value before the logarithm is taken instead. */
  readonly points?: number
}

/** What was done to a measure. `points` are the places of the values that were changed by winsorising. */
export interface Treated {
  readonly values: readonly (number | null)[]
  readonly how: 'nothing' | 'winsorised' | 'logarithm'
  readonly points: readonly number[]
}

/**
 * Pulls in outliers as the OECD and JRC handbook on composite indicators proposes: the outermost value is set to the next one, one
 * after the other; if that does not help, the logarithm of the original values is taken, from their least up.
 */
export function treat(i: { readonly values: readonly (number | null)[] } & Treatment): Treated {
  const { skewness = 2, kurtosis = 3.5, points = 5 } = i
  const places: number[] = []
  const known: number[] = []
  i.values.forEach((value, at) => {
    if (value !== null) {
      places.push(at)
      known.push(value)
    }
  })
  const { min, max } = extent(known)
  // Neither figure is there for fewer values, or for values that are all equal.
  if (known.length < 4 || !(max > min)) return { values: i.values, how: 'nothing', points: [] }
  const fits = (values: readonly number[]) =>
    Math.abs(sampleSkewness(values as number[])) < skewness || sampleKurtosis(values as number[]) < kurtosis
  const back = (values: readonly number[]) => {
    const all = [...i.values]
    for (let at = 0; at < values.length; at++) all[places[at]!] = values[at]!
    return all
  }
  if (fits(known)) return { values: i.values, how: 'nothing', points: [] }
  const pulled = [...known]
  const touched = new Set<number>()
  while (touched.size < points && !fits(pulled)) {
    const before = touched.size
    pullIn(pulled, touched)
    if (touched.size === before) break
  }
  if (fits(pulled)) return { values: back(pulled), how: 'winsorised', points: [...touched].sort((a, b) => a - b).map((at) => places[at]!) }
  const logarithm = (value: number) => Math.log(value - min + 0.01 * (max - min))
  return { values: back(known.map(logarithm)), how: 'logarithm', points: [] }
}

/** Sets the outermost values on the side of the skew to the next value inside. */
function pullIn(values: number[], touched: Set<number>): void {
  const high = sampleSkewness(values) >= 0
  const { min, max } = extent(values)
  const outermost = high ? max : min
  const inside = extent(values.filter((value) => value !== outermost))
  values.forEach((value, at) => {
    if (value !== outermost) return
    values[at] = high ? inside.max : inside.min
    touched.add(at)
  })
}
