import ts from 'typescript'
import { lineOf, type Source, walk } from './source.ts'
import { shown } from './workspace.ts'

/** The word before the slash, by package folder; one word per package everywhere, see CONTRIBUTING.md. */
const PREFIX: Readonly<Record<string, string>> = {
  core: 'core',
  'business-time': 'time',
  segmentation: 'segments',
  'sla-engine': 'sla',
  'complaint-workflow': 'complaints',
  'loyalty-points': 'loyalty',
  'kpi-scoring': 'kpi',
  'customer-profile': 'profiles',
  'team-planning': 'planning',
  'storage-sql': 'storage',
  'storage-testkit': 'storage',
  patronkit: 'cli',
}

/** An error code as it stands in a source: thrown as `new PatronkitError({ code: '…' })`, or declared with its details. */
export interface FoundCode {
  readonly code: string
  readonly at: string
  readonly declared: boolean
}

export function codesIn(source: Source): FoundCode[] {
  const found: FoundCode[] = []
  const add = (literal: ts.StringLiteralLike, declared: boolean) =>
    found.push({ code: literal.text, at: `${shown(source.file)}:${lineOf(source, literal)}`, declared })
  walk(source.tree, (node) => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'PatronkitErrorDetails') {
      for (const { name } of node.members) if (name && ts.isStringLiteral(name)) add(name, true)
    }
    if (isCodeOfError(node)) for (const literal of literalsOf(node.initializer)) add(literal, false)
  })
  return found
}

/** The lines of an explanation and the issues of zod have a `code` too; those are no errors. */
const isCodeOfError = (node: ts.Node): node is ts.PropertyAssignment => {
  if (!ts.isPropertyAssignment(node) || node.name.getText() !== 'code') return false
  const call = node.parent.parent
  return ts.isNewExpression(call) && call.expression.getText() === 'PatronkitError'
}

/** `'a'`, or both of `x ? 'a' : 'b'`. */
function literalsOf(value: ts.Expression): ts.StringLiteralLike[] {
  if (ts.isStringLiteralLike(value)) return [value]
  return ts.isConditionalExpression(value) ? [...literalsOf(value.whenTrue), ...literalsOf(value.whenFalse)] : []
}

/** What is wrong with a code found in the package: it is `prefix/kebab-case` with that package's prefix, or one that core declares. */
export function wrongCode(folder: string, { code, at }: FoundCode, ofCore: ReadonlySet<string>): string | undefined {
  const prefix = PREFIX[folder]
  if (!prefix) return `${at} ${code}: tooling/error-codes.ts has no prefix for packages/${folder} yet: add one`
  if (!/^[a-z]+\/[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(code)) return `${at} ${code} is not prefix/kebab-case`
  if (code.startsWith(`${prefix}/`) || ofCore.has(code)) return undefined
  return `${at} ${code}: packages/${folder} throws ${prefix}/… or a code that core declares`
}
