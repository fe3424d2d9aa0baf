import { PatronkitError } from '@patronkit/core'

declare global {
  interface PatronkitErrorDetails {
    'segments/bad-rule': { readonly path: string; readonly why: string }
    'segments/bad-value': { readonly column: string; readonly value: string }
    'segments/customer-twice': { readonly source: string; readonly customer: string }
    'segments/cycle': { readonly path: readonly string[] }
    'segments/empty-bin': { readonly bin: number }
    'segments/no-convergence': { readonly model: string; readonly iterations: number }
    'segments/no-tables': { readonly segment: string }
    'segments/not-kept': { readonly source: string }
    'segments/not-published': { readonly kind: string; readonly id: string }
    'segments/too-few-values': { readonly distinct: number; readonly classes: number }
    'segments/too-many-members': { readonly source: string; readonly customer: string; readonly most: number }
    'segments/too-many-facts': { readonly source: string; readonly customer: string; readonly most: number }
    'segments/unknown-customer': { readonly source: string; readonly customer: string }
  }
}

/** The refusal of one field of an input. `message` says what is wrong with it, `remedy` what to give instead. */
export const wrong = (path: string, message: string, remedy: string): PatronkitError<'core/invalid-input'> =>
  new PatronkitError({ code: 'core/invalid-input', message: `${path} ${message}. ${remedy}`, details: { issues: [{ path, message }] } })

/** The refusal of a rule that has a shape but no meaning over this source. */
export const badRule = (path: string, why: string, remedy: string): PatronkitError<'segments/bad-rule'> =>
  new PatronkitError({ code: 'segments/bad-rule', message: `${path || 'the rule'}: ${why}. ${remedy}`, details: { path, why } })

export const badValue = (column: string, value: unknown, wanted: string): PatronkitError<'segments/bad-value'> =>
  new PatronkitError({
    code: 'segments/bad-value',
    message: `column ${column} holds ${shown(value)}, not ${wanted}. Mend the row, or declare the column as what it is.`,
    details: { column, value: shown(value) },
  })

export const cycle = (path: readonly string[]): PatronkitError<'segments/cycle'> =>
  new PatronkitError({
    code: 'segments/cycle',
    message: `segments refer to each other in a circle: ${path.join(' -> ')}. Take one of these references out.`,
    details: { path },
  })

export const noConvergence = (model: string, iterations: number): PatronkitError<'segments/no-convergence'> =>
  new PatronkitError({
    code: 'segments/no-convergence',
    message: `${model} found no maximum of its likelihood in ${iterations} steps. Look for customers with impossible numbers, or fit more of them.`,
    details: { model, iterations },
  })

export const notPublished = (kind: string, id: string): PatronkitError<'segments/not-published'> =>
  new PatronkitError({
    code: 'segments/not-published',
    message: `there is no ${kind} ${JSON.stringify(id)} of this tenant in force. Publish it, or correct the id.`,
    details: { kind, id },
  })

export const customerTwice = (i: { readonly source: string; readonly customer: string }): PatronkitError<'segments/customer-twice'> =>
  new PatronkitError({
    code: 'segments/customer-twice',
    message: `customer ${i.customer} of ${i.source} stands twice in one recordMany. Put all that is told of a customer into one entry.`,
    details: { source: i.source, customer: i.customer },
  })

export const unknownCustomer = (i: { readonly source: string; readonly customer: string }): PatronkitError<'segments/unknown-customer'> =>
  new PatronkitError({
    code: 'segments/unknown-customer',
    message: `nothing was ever recorded about customer ${i.customer} of ${i.source}. Record something first, or check source and id.`,
    details: { source: i.source, customer: i.customer },
  })

export const tooManyFacts = (i: { readonly source: string; readonly customer: string }, most: number) =>
  new PatronkitError({
    code: 'segments/too-many-facts',
    message: `customer ${i.customer} of ${i.source} would have more than ${most} facts, and rules look at all of them. Tell what they come to in the profile, or erase the customer.`,
    details: { source: i.source, customer: i.customer, most },
  })

export const tooManyMembers = (i: { readonly source: string; readonly customer: string }, most: number) =>
  new PatronkitError({
    code: 'segments/too-many-members',
    message: `more than ${most} customers belong to ${i.customer} of ${i.source}, and rules look at all of them. Tell what they come to in its profile, or ask a table.`,
    details: { source: i.source, customer: i.customer, most },
  })

export const notKept = (source: string): PatronkitError<'segments/not-kept'> =>
  new PatronkitError({
    code: 'segments/not-kept',
    message: `the customers of ${source} are in a table of yours and not kept here. Ask count, members and explain, which read it; to have customers kept, declare a source without a table.`,
    details: { source },
  })

/** The refusal of a question for SQL about customers who are in no table. */
export const inNoTable = (source: string): PatronkitError<'segments/bad-rule'> =>
  badRule('', `the customers of ${source} are in no table of yours`, 'Ask members, or declare the source with its table.')

export const noTables = (segment: string): PatronkitError<'segments/no-tables'> =>
  new PatronkitError({
    code: 'segments/no-tables',
    message: `segment ${segment} asks about a table of yours, and the service cannot read it. Give createSegments a reader: tables: hostReader({ connection }).`,
    details: { segment },
  })

/** A value as it stands in an error: short, and safe for whatever came in. */
export const shown = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value.slice(0, 60))
    : Array.isArray(value)
      ? `a list of ${value.length}`
      : typeof value === 'object' && value !== null
        ? 'an object'
        : String(value)
