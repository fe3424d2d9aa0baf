import { agrees, type Tolerance } from './compare.ts'

/** One question with its answer. */
export interface Case extends Tolerance {
  readonly id: string
  readonly fn: string
  readonly input: unknown
  readonly expected: unknown
  readonly convention?: string
}

/** What a suite's functions see beside the input: the whole case, and where its file lies. */
export interface Context {
  readonly case: Case
  readonly folder: string
}

/** The functions of one suite, by the `fn` of its cases. */
export type Functions = { readonly [fn: string]: (input: never, context: Context) => unknown }

/** Gives a package's public API by the name of its folder, or what one of its further entries exports. */
export type Load = <Api>(folder: string, entry?: string) => Promise<Api>

/** How one suite of cases is answered by the public API. */
export interface Suite {
  readonly name: string
  open(load: Load): Promise<Functions>
}

export interface Result {
  readonly id: string
  readonly passed: boolean
  readonly expected: unknown
  readonly got: unknown
}

/** Answers every case of a parsed file. Whatever cannot be asked has failed: no suite, no function, no cases. */
export async function runFile(i: { file: unknown; suites: readonly Suite[]; load: Load; folder?: string }): Promise<readonly Result[]> {
  const file = (typeof i.file === 'object' && i.file !== null ? i.file : {}) as { suite?: unknown; format?: unknown; cases?: unknown }
  const name = String(file.suite ?? 'a file without a suite')
  if (file.format !== 1) return [failed(name, 'format 1', `format ${show(file.format)}`)]
  const cases = Array.isArray(file.cases) ? (file.cases as Case[]) : []
  if (cases.length === 0) return [failed(name, 'cases', 'a file without cases')]
  const suite = i.suites.find((known) => known.name === name)
  const functions: Functions = suite ? await suite.open(i.load) : {}
  const results: Result[] = []
  for (const one of cases) results.push(await answer(one, suite ? functions[one.fn] : undefined, { case: one, folder: i.folder ?? '.' }))
  return results
}

async function answer(one: Case, fn: Functions[string] | undefined, context: Context): Promise<Result> {
  const { id, expected } = one
  if ('skip' in one && one.skip) return failed(id, expected, 'skipped')
  if (!('expected' in one)) return failed(id, 'an answer to compare with', 'a case without `expected`')
  if (!fn) return failed(id, expected, `nothing answers fn ${show(one.fn)}`)
  try {
    const got = await fn(one.input as never, context)
    return { id, passed: !asksRefusal(expected) && agrees(expected, got, one), expected, got }
  } catch (error) {
    return { id, passed: asksRefusal(expected) && isRefusal(error), expected, got: String(error) }
  }
}

const asksRefusal = (expected: unknown): boolean =>
  typeof expected === 'object' &&
  expected !== null &&
  (expected as { error?: unknown }).error === true &&
  Object.keys(expected).length === 1

/** A typed error of the library; a TypeError from inside is a bug, not a refusal. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Error && error.name === 'PatronkitError' && /^[a-z]+\/[a-z-]+$/.test(String((error as { code?: unknown }).code))

const failed = (id: string, expected: unknown, got: unknown): Result => ({ id, passed: false, expected, got })

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)

/** A line for every failing case and the count alone on the last line. */
export function report(results: readonly Result[]): string {
  const bad = results.filter((result) => !result.passed)
  const lines = bad.map(({ id, expected, got }) => `${id}  expected ${show(expected)}  got ${show(got)}`)
  return [...lines, `${results.length - bad.length} passed, ${bad.length} failed`].join('\n')
}
