import { isPatronkitError } from '@patronkit/core'

/** Throws unless it holds. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

/** Throws unless both are the same data. Key order does not count; a missing property and an undefined one are the same. */
export function same(found: unknown, expected: unknown, what: string): void {
  if (!equal(found, expected)) throw new Error(`${what}\n  found:    ${shown(found)}\n  expected: ${shown(expected)}`)
}

/** Throws unless the work is refused with an error of this library, and of one of these codes when some are named. */
export async function refused(work: () => unknown, what: string, ...codes: readonly string[]): Promise<void> {
  const code = await codeOf(work)
  check(code !== null, `${what}: it was not refused`)
  check(codes.length === 0 || codes.includes(code), `${what}: refused with ${code}, expected ${codes.join(' or ')}`)
}

/** The code the work is refused with; null when it is not. Any other error goes on. */
export async function codeOf(work: () => unknown): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (isPatronkitError(error)) return error.code
    throw error
  }
}

function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [defined(a), defined(b)]
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
}

const defined = (of: object): Record<string, unknown> => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined))

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 2_000) ?? 'undefined'
