import { PatronkitError } from '@patronkit/core'

declare global {
  interface PatronkitErrorDetails {
    'sla/malformed-payload': { readonly vendor: string; readonly path: string; readonly message: string }
  }
}

/** The refusal of a payload, with the path of the first mistake in it. */
export const malformed = (vendor: string, path: string, message: string): PatronkitError<'sla/malformed-payload'> =>
  new PatronkitError({
    code: 'sla/malformed-payload',
    message: `the ${vendor} payload cannot be read${path ? ` at ${path}` : ''}: ${message}. Compare it with what docs/connectors.md expects; no fact was made of it.`,
    details: { vendor, path, message },
  })
