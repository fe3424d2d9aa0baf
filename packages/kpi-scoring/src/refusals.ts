import { PatronkitError } from '@patronkit/core'

declare global {
  interface PatronkitErrorDetails {
    'kpi/duplicate-id': { readonly id: string; readonly where: string }
    'kpi/metric-cycle': { readonly path: readonly string[] }
    'kpi/no-spread': { readonly of: string }
    'kpi/not-closed': { readonly scorecard: string; readonly period: string; readonly revision: number }
    'kpi/not-issued': {
      readonly plan: string
      readonly subject: string
      readonly period: string
      readonly number: number | null
    }
    'kpi/not-published': { readonly kind: string; readonly id: string }
    'kpi/not-additive': { readonly metric: string; readonly fold: string }
    'kpi/not-positive': { readonly where: string; readonly value: number }
    'kpi/off-scale': { readonly score: number; readonly from: number; readonly to: number }
    'kpi/period-closed': { readonly scorecard: string; readonly period: string; readonly revision: number }
    'kpi/period-running': { readonly scorecard: string; readonly period: string; readonly ends: string }
    'kpi/too-many-people': { readonly limit: number }
    'kpi/too-deep': { readonly where: string; readonly limit: number }
    'kpi/unit-mismatch': { readonly metric: string; readonly units: readonly string[] }
    'kpi/unknown-id': { readonly id: string; readonly where: string }
  }
}

/** The refusal of one field. `message` says what is wrong with it, `remedy` what to give instead. */
export const wrong = (path: string, message: string, remedy: string): PatronkitError<'core/invalid-input'> =>
  new PatronkitError({ code: 'core/invalid-input', message: `${path} ${message}. ${remedy}`, details: { issues: [{ path, message }] } })

export const duplicateId = (id: string, where: string): PatronkitError<'kpi/duplicate-id'> =>
  new PatronkitError({
    code: 'kpi/duplicate-id',
    message: `${where} has ${JSON.stringify(id)} twice. Give each an id of its own.`,
    details: { id, where },
  })

export const unknownId = (id: string, where: string): PatronkitError<'kpi/unknown-id'> =>
  new PatronkitError({
    code: 'kpi/unknown-id',
    message: `${where} names ${JSON.stringify(id)}, which is not there. Define it, or correct the name.`,
    details: { id, where },
  })

export const noSpread = (of: string): PatronkitError<'kpi/no-spread'> =>
  new PatronkitError({
    code: 'kpi/no-spread',
    message: `${of} has the same value everywhere, so nothing can be told apart by it. Leave it out, or score it against goalposts.`,
    details: { of },
  })

export const notPositive = (where: string, value: number): PatronkitError<'kpi/not-positive'> =>
  new PatronkitError({
    code: 'kpi/not-positive',
    message: `${where} is ${value}, and only positive numbers have an answer here. Raise the lower end of the normalisation above 0, or take the arithmetic mean.`,
    details: { where, value },
  })

export const tooDeep = (where: string, limit: number): PatronkitError<'kpi/too-deep'> =>
  new PatronkitError({
    code: 'kpi/too-deep',
    message: `${where} is nested more than ${limit} deep. Give its inner parts ids of their own and refer to those.`,
    details: { where, limit },
  })
