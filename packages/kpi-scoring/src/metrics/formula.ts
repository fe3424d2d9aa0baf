import { shown } from '../checks.ts'
import { type Exact as Decimal, Exact, exact } from '../exact.ts'
import { tooDeep, wrong } from '../refusals.ts'
import type { Formula, Reason, Shift } from './model.ts'
import { type Dimension, type Units, unitMismatch } from './unit.ts'

/** A value on its way: exact, or undefined with a reason. */
export interface Value {
  readonly value: Decimal | null
  readonly reason?: Reason
}

export type Reference = { readonly metric: string; readonly shift?: Shift | undefined }

const DEEPEST = 50
const LARGEST = 10_000

/** Refuses what is no formula, and what is nested too deep or has too many parts, before anything walks down into it. */
export function checkFormula(formula: unknown, metric: string): void {
  const waiting = [formula as Formula]
  const depths = [0]
  for (let seen = 1; waiting.length > 0; seen++) {
    // one object that stands in many places counts as often as it stands
    if (seen > LARGEST)
      throw wrong(`the formula of metric ${metric}`, `has more than ${LARGEST} parts`, 'Give its parts as metrics of their own.')
    const node = waiting.pop()!
    const depth = depths.pop()!
    if (depth > DEEPEST) throw tooDeep(`the formula of metric ${metric}`, DEEPEST)
    for (const part of partsOf(node, metric)) {
      waiting.push(part)
      depths.push(depth + 1)
    }
  }
}

const isFormula = (node: object): boolean =>
  'metric' in node || 'number' in node || 'add' in node || 'multiply' in node || 'subtract' in node || 'divide' in node

function partsOf(node: Formula, metric: string): readonly Formula[] {
  if (typeof node !== 'object' || node === null || !isFormula(node)) {
    throw wrong(
      `metric ${metric}`,
      `has ${shown(node)} in its formula`,
      'Give { metric }, { number }, { add }, { subtract }, { multiply } or { divide }.',
    )
  }
  if ('metric' in node) {
    const { shift } = node
    const back = shift && ('years' in shift ? shift.years : shift.periods)
    if (shift && !(Number.isInteger(back) && back! >= 1 && back! <= 1_000)) {
      throw wrong(
        `metric ${metric}`,
        `shifts by ${shown(back)}`,
        'Shift by a whole number of periods or years from 1 to 1,000; it looks back.',
      )
    }
    return []
  }
  if ('number' in node) return []
  const parts =
    'add' in node
      ? node.add
      : 'multiply' in node
        ? node.multiply
        : 'subtract' in node
          ? node.subtract
          : 'divide' in node
            ? node.divide
            : null
  const pair = 'subtract' in node || 'divide' in node
  if (!Array.isArray(parts) || (pair ? parts.length !== 2 : parts.length === 0)) {
    throw wrong(
      `metric ${metric}`,
      'has a formula with the wrong number of parts',
      'Subtract and divide take two, add and multiply one or more.',
    )
  }
  return parts as readonly Formula[]
}

/** The metrics that a formula refers to. */
export function referencesOf(formula: Formula, into: Reference[] = []): Reference[] {
  if ('metric' in formula) into.push(formula)
  else if (!('number' in formula)) for (const part of innerOf(formula)) referencesOf(part, into)
  return into
}

/** The unit of a formula; sums of unlike units are refused. */
export function unitOf(formula: Formula, metric: string, units: Units, unit: (id: string) => Dimension): Dimension {
  if ('metric' in formula) return unit(formula.metric)
  if ('number' in formula) return units.read(formula.unit ?? 'share', metric)
  const parts = innerOf(formula)
  let found = unitOf(parts[0]!, metric, units, unit)
  for (let at = 1; at < parts.length; at++) {
    const next = unitOf(parts[at]!, metric, units, unit)
    if ('multiply' in formula) found = units.times(found, next)
    else if ('divide' in formula) found = units.times(found, next, -1)
    else if (next !== found) throw unitMismatch(metric, 'add' in formula ? 'adds' : 'subtracts', found, next)
  }
  return found
}

/** The parts of a formula that was checked. */
const innerOf = (formula: Exclude<Formula, { metric: string } | { number: string }>): readonly Formula[] =>
  'add' in formula ? formula.add : 'multiply' in formula ? formula.multiply : 'subtract' in formula ? formula.subtract : formula.divide

/** Gives the value of the metric at a place of the graph, in the same period or in a shifted one. */
export type Get = (place: number, shift: Shift | undefined) => Value

/** A formula made ready: answers its value from the values of the metrics it refers to. */
export function compileFormula(formula: Formula, metric: string, placeOf: (id: string) => number): (get: Get) => Value {
  if ('metric' in formula) {
    const { shift } = formula
    const place = placeOf(formula.metric)
    if (formula.ifUndefined === undefined) return (get) => get(place, shift)
    const standIn = { value: exact(formula.ifUndefined, `metric ${metric}, ifUndefined`) }
    return (get) => {
      const found = get(place, shift)
      return found.value === null ? standIn : found
    }
  }
  if ('number' in formula) {
    const constant = { value: exact(formula.number, `metric ${metric}, number`) }
    return () => constant
  }
  const parts = innerOf(formula).map((part) => compileFormula(part, metric, placeOf))
  if ('divide' in formula) return (get) => quotient(parts[0]!(get), parts[1]!(get), metric)
  const join: (a: Decimal, b: Decimal) => Decimal =
    'add' in formula ? (a, b) => a.plus(b) : 'subtract' in formula ? (a, b) => a.minus(b) : (a, b) => a.times(b)
  return (get) => {
    let result = parts[0]!(get)
    for (let at = 1; at < parts.length && result.value !== null; at++) {
      const next = parts[at]!(get)
      result = next.value === null ? next : { value: join(result.value, next.value) }
    }
    return result
  }
}

/** A quotient that is undefined over 0, and says so. */
export function quotient(a: Value, b: Value, metric: string): Value {
  if (a.value === null) return a
  if (b.value === null) return b
  if (b.value.isZero()) return { value: null, reason: { code: 'divided-by-zero', metric } }
  return { value: Exact.div(a.value, b.value) }
}
