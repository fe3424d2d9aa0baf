import { z } from 'zod'
import { type Issue, PatronkitError } from './errors.ts'
import { type Instant, toMs } from './instant.ts'

/** Parses an input at a service's entry. The error names each mistake with its path; nothing has been written. */
export function parse<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const parsed = schema.safeParse(input)
  if (!parsed.success) throw invalidInput(what, parsed.error)
  return parsed.data
}

/** The typed refusal of an input, with the path of every mistake. */
export function invalidInput(what: string, error: z.ZodError): PatronkitError<'core/invalid-input'> {
  const issues = error.issues.flatMap(flatten)
  const first = issues.slice(0, 5).map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message))
  const more = issues.length > 5 ? `; and ${issues.length - 5} more` : ''
  return new PatronkitError({
    code: 'core/invalid-input',
    message: `${what} was refused: ${first.join('; ')}${more}. Mend these and send it again; nothing was written.`,
    details: { issues },
  })
}

/** A failed union reports the branch that got furthest, which is the one the author meant. */
function flatten(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const depth = (branch: readonly z.core.$ZodIssue[]) => Math.max(0, ...branch.map((inner) => inner.path.length))
    const best = issue.errors.reduce((a, b) => (depth(b) > depth(a) ? b : a))
    if (depth(best) > 0) return best.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }))
  }
  return [{ path: issue.path.map(String).join('.'), message: issue.message }]
}

/** An {@link Instant} in, epoch milliseconds out. A zoneless text or a number of seconds is refused with its own code. */
export const instantSchema = z.custom<Instant>().transform((value) => toMs(value))
