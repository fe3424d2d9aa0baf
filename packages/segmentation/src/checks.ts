import { shown, wrong } from './refusals.ts'

/** Refuses everything but a finite number. */
export function finite(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw wrong(path, `is ${shown(value)}, not a finite number`, 'Give a number.')
}

/** Refuses everything but a finite number of at least 0. */
export function notNegative(value: unknown, path: string): number {
  if (finite(value, path) >= 0) return value as number
  throw wrong(path, `is ${shown(value)}, which is negative`, 'Give 0 or more.')
}

/** Refuses everything but a finite number above 0. */
export function positive(value: unknown, path: string): number {
  if (finite(value, path) > 0) return value as number
  throw wrong(path, `is ${shown(value)}`, 'Give more than 0.')
}

/** Refuses everything but a whole number of at least `least`. */
export function whole(value: unknown, path: string, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw wrong(path, `is ${shown(value)}, not a whole number from ${least} up`, `Give a whole number of at least ${least}.`)
}

/** A share above 0 and below 1, such as a confidence. */
export function between(value: unknown, path: string): number {
  const share = finite(value, path)
  if (share > 0 && share < 1) return share
  throw wrong(path, `is ${share}, not between 0 and 1`, 'Give a share such as 0.95.')
}

/** A list of finite numbers with at least `least` of them. */
export function numbers(values: unknown, path: string, least = 1): readonly number[] {
  if (!Array.isArray(values)) throw wrong(path, `is ${shown(values)}, not a list`, 'Give a list of numbers.')
  if (values.length < least) throw wrong(path, `has ${values.length} entries`, `Give at least ${least}.`)
  for (let i = 0; i < values.length; i++) finite(values[i], `${path}.${i}`)
  return values as readonly number[]
}
