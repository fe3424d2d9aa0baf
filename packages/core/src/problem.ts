import type { PatronkitError } from './errors.ts'

/** An error as an HTTP answer of type `application/problem+json` (RFC 9457). */
export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly details: unknown
  readonly retryable: boolean
}

/**
 * Puts an error into the shape of RFC 9457. The status follows the code: 400 for input that was refused, 404 for what is
 * not there, 409 for conflicts, 503 where trying again helps, and 422 for every other "no".
 *
 * @example
 * ```ts
 * import { isPatronkitError, toProblemDetails } from '@patronkit/core'
 *
 * const answer = (error: unknown): Response => {
 *   if (!isPatronkitError(error)) throw error
 *   const problem = toProblemDetails(error)
 *   return Response.json(problem, { status: problem.status, headers: { 'content-type': 'application/problem+json' } })
 * }
 * ```
 */
export function toProblemDetails(error: PatronkitError): ProblemDetails {
  const { code, details, message } = error
  const title = (code.split('/')[1] ?? code).replaceAll('-', ' ')
  return {
    type: `urn:patronkit:error:${code}`,
    title,
    status: statusOf(error),
    detail: message,
    code,
    details,
    retryable: error.retryable !== false,
  }
}

function statusOf({ code, retryable }: PatronkitError): number {
  const what = code.split('/')[1] ?? ''
  if (what === 'busy') return 503
  if (what.endsWith('conflict') || retryable !== false) return 409
  if (what.startsWith('unknown-') || what.endsWith('-missing')) return 404
  return what === 'invalid-input' || what.startsWith('bad-') || what.startsWith('instant-') ? 400 : 422
}
