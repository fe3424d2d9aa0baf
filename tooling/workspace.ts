import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'

/** The folder that holds package.json, packages/ and this tooling. */
export const root = dirname(import.meta.dirname)

/** The part of a package.json that the tooling reads. */
export interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** One of our own packages. `folder` is its name under packages/, `dir` the absolute path. */
export interface Package {
  readonly folder: string
  readonly dir: string
  readonly manifest: Manifest
}

/** Every package of the workspace, by folder name. */
export function packagesIn(workspace: string): Package[] {
  return globSync('packages/*/package.json', { cwd: workspace })
    .toSorted()
    .map((file) => {
      const dir = join(workspace, dirname(file))
      return { folder: basename(dir), dir, manifest: JSON.parse(readFileSync(join(workspace, file), 'utf8')) as Manifest }
    })
}

/** The packages of the same workspace that `pkg` needs at run time. */
export function needs(pkg: Package, all: readonly Package[]): Package[] {
  const declared = { ...pkg.manifest.dependencies, ...pkg.manifest.peerDependencies }
  return all.filter((other) => other.manifest.name in declared)
}

/** The TypeScript files of a package's src, absolute, in a fixed order. */
export function sourcesOf(pkg: Package): string[] {
  const src = join(pkg.dir, 'src')
  if (!existsSync(src)) return []
  return globSync('**/*.ts', { cwd: src })
    .toSorted()
    .map((file) => join(src, file))
}

/** A path as it is shown to people: from the root, with forward slashes. */
export const shown = (file: string): string => relative(root, file).split(sep).join('/')
