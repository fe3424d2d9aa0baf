import { PatronkitError } from '@patronkit/core'
import { toIso } from '@patronkit/core/service'

const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2200, 0, 1)

/**
 * Refuses instants outside 1900 to 2200, as calendars do: beyond, the rules of zones are a guess. It also bounds the work that a
 * single instant can ask for.
 */
export function insideHorizon(at: number, path: string): number {
  if (at >= EARLIEST && at <= LATEST) return at
  const message = `${Number.isFinite(at) ? toIso(at) : at} lies outside ${toIso(EARLIEST)} to ${toIso(LATEST)}`
  throw new PatronkitError({
    code: 'core/invalid-input',
    message: `${path}: ${message}. Check that it is in milliseconds, and the year.`,
    details: { issues: [{ path, message }] },
  })
}
