import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** One import found in a file: static, re-export, dynamic, `import('…')` in a type, or `declare module`. */
export interface Import {
  readonly specifier: string
  readonly line: number
  /** True for `import type`, `export type` and `import('…')` in a type: gone once compiled. */
  readonly erased: boolean
}

/** A parsed source file; `file` is the name that messages show. */
export interface Source {
  readonly file: string
  readonly tree: ts.SourceFile
}

export const parseSource = (file: string, text: string): Source => ({
  file,
  tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true),
})

export const readSource = (file: string): Source => parseSource(file, readFileSync(file, 'utf8'))

/** Visits every node, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  node.forEachChild((child) => walk(child, visit))
}

export const lineOf = (source: Source, node: ts.Node): number =>
  source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1

/** Everything the file imports, in order. Read from the syntax tree, so comments and texts do not count. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = []
  walk(source.tree, (node) => {
    const specifier = specifierOf(node)
    if (specifier && ts.isStringLiteralLike(specifier)) {
      found.push({ specifier: specifier.text, line: lineOf(source, specifier), erased: isErased(node) })
    }
  })
  return found
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  if (ts.isModuleDeclaration(node)) return node.name
  return undefined
}

// `import { type X }` is not among these: with verbatimModuleSyntax it still loads the module
const isErased = (node: ts.Node): boolean =>
  ts.isImportTypeNode(node) ||
  (ts.isExportDeclaration(node) && node.isTypeOnly) ||
  (ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
