import { existsSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { type Package, root, shown } from './workspace.ts'

/** The compiler options that the whole workspace is checked with: types come from the sources. */
export function workspaceOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  return ts.parseJsonConfigFileContent({ ...config, include: [], files: ['vitest.config.ts'] }, ts.sys, root).options
}

/** The source file behind each export of a package's manifest that exists by now: `./storage` -> its .ts file. */
export const entriesOf = (pkg: Package): Map<string, string> =>
  new Map(
    Object.entries(pkg.manifest.exports ?? {}).flatMap(([subpath, entry]) => {
      const source = typeof entry === 'string' ? undefined : entry['patronkit-source']
      const file = source && join(pkg.dir, source)
      return file && existsSync(file) ? [[subpath, file]] : []
    }),
  )

/** Where `bigint` or `any` stands in a type that hosts can see: both break at `JSON.stringify`, or hide that something does. */
export function unwelcomeTypes(program: ts.Program, entries: readonly string[]): string[] {
  const found = new Set<string>()
  for (const declaration of entries.flatMap((entry) => publicDeclarations(program, entry))) {
    walkTypes(declaration, (node) => {
      const word = node.kind === ts.SyntaxKind.BigIntKeyword ? 'bigint' : node.kind === ts.SyntaxKind.AnyKeyword ? 'any' : undefined
      const source = node.getSourceFile()
      if (word)
        found.add(`${shown(source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${word} in a public type`)
    })
  }
  return [...found].toSorted()
}

/** The declarations behind what an entry exports, our own only. */
function publicDeclarations(program: ts.Program, entry: string): ts.Declaration[] {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(entry)
  const module = source && checker.getSymbolAtLocation(source)
  if (!module) return []
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .flatMap((symbol) => symbol.declarations ?? [])
    .filter((declaration) => !program.isSourceFileFromExternalLibrary(declaration.getSourceFile()))
}

/** Visits a declaration without the bodies of its functions, which nobody outside can see. */
function walkTypes(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  node.forEachChild((child) => {
    if (!ts.isBlock(child)) walkTypes(child, visit)
  })
}
