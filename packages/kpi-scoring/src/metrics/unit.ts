import { PatronkitError } from '@patronkit/core'
import { shown } from '../checks.ts'
import { wrong } from '../refusals.ts'

/**
 * A unit as powers of base units: EUR/hours is EUR¹ hours⁻¹, a number without a unit has none. Equal units are one object, so that they
 * can be compared by identity.
 */
export interface Dimension {
  readonly text: string
  readonly powers: ReadonlyMap<string, number>
}

/** The units of one graph. */
export interface Units {
  /** Reads `EUR`, `EUR/hours`, `EUR*count/hours`; `share` is a number without a unit. */
  read(text: string, metric: string): Dimension
  /** The unit of a product, or with power −1 of a quotient. */
  times(a: Dimension, b: Dimension, power?: 1 | -1): Dimension
}

export function unitTable(): Units {
  const known = new Map<string, Dimension>()
  const texts = new Map<string, Dimension>()
  const one = (powers: ReadonlyMap<string, number>): Dimension => {
    const text = textOf(powers)
    const found = known.get(text) ?? { text, powers }
    known.set(text, found)
    return found
  }
  const times: Units['times'] = (a, b, power = 1) => {
    if (b.powers.size === 0) return a
    if (a.powers.size === 0 && power === 1) return b
    const powers = new Map(a.powers)
    for (const [unit, its] of b.powers) raise(powers, unit, its * power)
    return one(powers)
  }
  const read: Units['read'] = (text, metric) => {
    const seen = texts.get(text)
    if (seen) return seen
    const found = one(parse(text, metric))
    texts.set(text, found)
    return found
  }
  return { read, times }
}

function parse(text: string, metric: string): ReadonlyMap<string, number> {
  if (typeof text !== 'string' || !/^[A-Za-z][\w%-]*([*/][A-Za-z][\w%-]*)*$/.test(text)) {
    throw wrong(`the unit of metric ${metric}`, `is ${shown(text)}`, "Give a unit such as 'EUR', 'hours', 'count', 'share' or 'EUR/hours'.")
  }
  let power = 1
  const powers = new Map<string, number>()
  for (const token of text.split(/([*/])/)) {
    if (token === '*' || token === '/') power = token === '/' ? -1 : 1
    else if (token !== 'share') raise(powers, token, power)
  }
  return powers
}

function raise(powers: Map<string, number>, unit: string, by: number): void {
  const sum = (powers.get(unit) ?? 0) + by
  if (sum === 0) powers.delete(unit)
  else powers.set(unit, sum)
}

/** A unit in words, the same for equal units. */
function textOf(powers: ReadonlyMap<string, number>): string {
  const sorted = [...powers].sort(([a], [b]) => (a < b ? -1 : 1))
  const part = (sign: 1 | -1) => sorted.flatMap(([unit, power]) => (power * sign > 0 ? new Array<string>(power * sign).fill(unit) : []))
  return [part(1).join('*') || 'share', ...part(-1)].join('/')
}

export const unitMismatch = (metric: string, doing: string, a: Dimension, b: Dimension): PatronkitError<'kpi/unit-mismatch'> => {
  const units = [a.text, b.text]
  return new PatronkitError({
    code: 'kpi/unit-mismatch',
    message: `metric ${metric} ${doing} ${units[0]} and ${units[1]}. Convert one into the other first, or correct the declared unit.`,
    details: { metric, units },
  })
}
