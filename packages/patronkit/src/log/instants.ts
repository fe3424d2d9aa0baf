import { tz } from '@date-fns/tz'
import { isPatronkitError } from '@patronkit/core'
import { toMs } from '@patronkit/core/service'
import { isValid, parse } from 'date-fns'
import type { Mapping } from './mapping.ts'

const REFERENCE = new Date(0)

/** A reader of the log's instants: epoch milliseconds, or undefined for a text that is not one. */
export function instantReader(at: Mapping['at']): (text: string) => number | undefined {
  if (at.format === 'iso') return readIso
  const zone = tz(at.zone)
  return (text) => {
    const date = parse(text, at.format, REFERENCE, { in: zone })
    return isValid(date) ? date.getTime() : undefined
  }
}

function readIso(text: string): number | undefined {
  try {
    return toMs(text)
  } catch (error) {
    if (isPatronkitError(error)) return undefined
    throw error
  }
}
