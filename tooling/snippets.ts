import { join } from 'node:path'
import ts from 'typescript'
import { type Fence, fileName, showsOurs, wayAround } from './fences.ts'
import { workspaceOptions } from './surface.ts'
import { packagesIn, root, shown } from './workspace.ts'

/** What checking the examples found. `problems` are texts that begin with file and line. */
export interface Report {
  readonly problems: readonly string[]
  readonly checked: number
  readonly skipped: number
}

/** Type-checks all fences in one program against the packages' sources. */
export function checkSnippets(fences: readonly Fence[]): Report {
  const evading = fences.filter(wayAround)
  const compiled = fences.filter((fence) => showsOurs(fence) || fileName(fence))
  const problems = [
    ...evading.map((fence) => `${shown(fence.file)}:${fence.line} ${wayAround(fence)}: examples are always checked; mend it or remove it`),
    ...(compiled.length > 0 ? typeErrors(compiled) : []),
  ]
  return { problems, checked: compiled.length, skipped: fences.length - compiled.length }
}

function typeErrors(fences: readonly Fence[]): string[] {
  const files = new Map(fences.map((fence) => [virtualPath(fence), fence]))
  const options = { ...workspaceOptions(), moduleDetection: ts.ModuleDetectionKind.Force }
  const program = ts.createProgram({ rootNames: [...files.keys()], options, host: hostWith(files, options) })
  return [...files].flatMap(([path, fence]) => {
    const source = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((d) => describe(d, fence))
  })
}

/** Fences of one page share a folder of their own, so that they can import each other by name. */
const virtualPath = (fence: Fence): string => join(`${fence.file}.fences`, fileName(fence) ?? `line-${fence.line}.ts`)

function hostWith(files: ReadonlyMap<string, Fence>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const cache = ts.createModuleResolutionCache(root, (name) => name, options)
  // an example may show any of our packages beside its own, with the drivers those were developed with
  const elsewhere = packagesIn(root).map(({ dir }) => join(dir, 'example.ts'))
  const resolve = (specifier: string, from: string): ts.ResolvedModuleFull | undefined => {
    if (files.has(from) && specifier.startsWith('.')) {
      const path = join(from, '..', specifier)
      return files.has(path) ? { resolvedFileName: path, extension: ts.Extension.Ts } : undefined
    }
    for (const place of files.has(from) ? [from, ...elsewhere] : [from]) {
      const { resolvedModule } = ts.resolveModuleName(specifier, place, options, host, cache)
      if (resolvedModule) return resolvedModule
    }
    return undefined
  }
  return {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path)?.text ?? host.readFile(path),
    getSourceFile: (path, language, ...rest) => {
      const fence = files.get(path)
      return fence ? ts.createSourceFile(path, fence.text, language) : host.getSourceFile(path, language, ...rest)
    },
    resolveModuleNameLiterals: (literals, from) => literals.map(({ text }) => ({ resolvedModule: resolve(text, from) })),
  }
}

function describe(diagnostic: ts.Diagnostic, fence: Fence): string {
  const { line, character } = ts.getLineAndCharacterOfPosition(diagnostic.file!, diagnostic.start ?? 0)
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ')
  return `${shown(fence.file)}:${fence.line + line}:${character + 1} ${message} (TS${diagnostic.code})`
}
