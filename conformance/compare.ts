/** How near a number must come; exactly where neither is given. */
export interface Tolerance {
  /** Relative to the expected number; absolute where 0 is expected. */
  readonly tolerance?: number | undefined
  readonly toleranceAbs?: number | undefined
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/**
 * True where an answer is the expected one: numbers by value (decimals and decimal strings count as numbers), instants as
 * instants, only the keys that are expected, null the same as absent, lists of equal length and order. NaN is never right.
 */
export function agrees(expected: unknown, got: unknown, within: Tolerance = {}): boolean {
  if (expected === null || expected === undefined) return got === null || got === undefined
  if (typeof expected === 'boolean') return got === expected
  if (isNumeric(expected)) return isNumeric(got) && numbersAgree(expected, got, within)
  if (typeof expected === 'string') {
    if (INSTANT.test(expected)) return instantOf(got) === Date.parse(expected)
    return got === expected
  }
  if (Array.isArray(expected)) {
    return Array.isArray(got) && got.length === expected.length && expected.every((item, i) => agrees(item, got[i], within))
  }
  if (typeof expected !== 'object' || typeof got !== 'object' || got === null || Array.isArray(got)) return false
  return Object.entries(expected).every(([key, value]) => agrees(value, (got as Record<string, unknown>)[key], within))
}

type Numeric = number | string | { toFixed(): string }

/** A number, a decimal string, or a Decimal, which is known by its `toFixed`. */
function isNumeric(value: unknown): value is Numeric {
  if (typeof value === 'number') return true
  if (typeof value === 'string') return DECIMAL.test(value)
  return typeof value === 'object' && value !== null && 'toFixed' in value && typeof value.toFixed === 'function'
}

function numbersAgree(expected: Numeric, got: Numeric, { tolerance, toleranceAbs }: Tolerance): boolean {
  const [want, have] = [Number(expected.toString()), Number(got.toString())]
  if (!Number.isFinite(want) || !Number.isFinite(have)) return false
  if (tolerance === undefined && toleranceAbs === undefined) {
    // Beyond the digits of a double only the text can tell two decimals apart.
    return want === have && (typeof expected === 'number' || typeof got === 'number' || plain(expected) === plain(got))
  }
  const off = Math.abs(have - want)
  const relative = tolerance !== undefined && off <= tolerance * (want === 0 ? 1 : Math.abs(want))
  return relative || (toleranceAbs !== undefined && off <= toleranceAbs)
}

/** The decimal text without signs, zeros and points that do not change its value; texts with an exponent stay as they are. */
function plain(value: Numeric): string {
  const text = typeof value === 'object' ? value.toFixed() : String(value)
  if (/e/i.test(text)) return text
  const [, sign, whole, fraction = ''] = /^([+-]?)0*(\d*)\.?(\d*?)0*$/.exec(text.includes('.') ? text : `${text}.`) ?? ['', '', text]
  return `${sign === '-' && (whole || fraction) ? '-' : ''}${whole || '0'}.${fraction}`
}

function instantOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : undefined
}
