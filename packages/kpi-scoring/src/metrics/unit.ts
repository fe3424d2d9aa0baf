import { PatronkitError } from '@patronkit/core'
import { shown } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** The powers of base units: EUR/hours is EUR¹ hours⁻¹. A number without a unit has none. */
export type Dimension = ReadonlyMap<string, number>

/** Reads `EUR`, `EUR/hours`, `EUR*count/hours`; `share` is a number without a unit. */
export function readUnit(text: string, path: string): Dimension {
  if (typeof text !== 'string' || !/^[A-Za-z][\w%-]*([*/][A-Za-z][\w%-]*)*$/.test(text)) {
    throw wrong(path, `is ${shown(text)}`, "Give a unit such as 'EUR', 'hours', 'count', 'share' or 'EUR/hours'.")
  }
  let power = 1
  let dimension: Dimension = new Map()
  for (const token of text.split(/([*/])/)) {
    if (token === '*' || token === '/') power = token === '/' ? -1 : 1
    else if (token !== 'share') dimension = times(dimension, new Map([[token, 1]]), power)
  }
  return dimension
}

/** The unit of a product, or with power −1 of a quotient. */
export function times(a: Dimension, b: Dimension, power = 1): Dimension {
  const powers = new Map(a)
  for (const [unit, its] of b) {
    const sum = (powers.get(unit) ?? 0) + its * power
    if (sum === 0) powers.delete(unit)
    else powers.set(unit, sum)
  }
  return powers
}

export const sameUnit = (a: Dimension, b: Dimension): boolean => a.size === b.size && [...a].every(([unit, power]) => b.get(unit) === power)

/** A unit in words again. */
export function unitText(dimension: Dimension): string {
  const sorted = [...dimension].sort(([a], [b]) => (a < b ? -1 : 1))
  const part = (sign: 1 | -1) => sorted.flatMap(([unit, power]) => (power * sign > 0 ? new Array<string>(power * sign).fill(unit) : []))
  const over = part(1).join('*') || (part(-1).length > 0 ? 'share' : '')
  return [over, ...part(-1)].filter(Boolean).join('/') || 'share'
}

export const unitMismatch = (metric: string, doing: string, a: Dimension, b: Dimension): PatronkitError<'kpi/unit-mismatch'> => {
  const units = [unitText(a), unitText(b)]
  return new PatronkitError({
    code: 'kpi/unit-mismatch',
    message: `metric ${metric} ${doing} ${units[0]} and ${units[1]}. Convert one into the other first, or correct the declared unit.`,
    details: { metric, units },
  })
}
