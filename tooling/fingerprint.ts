import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needs, type Package, root, sourcesOf } from './workspace.ts'

/** What every build depends on besides the package itself. */
const SHARED = ['tsconfig.base.json', 'tsconfig.json', 'tooling/tsup.ts', 'pnpm-lock.yaml'].map((file) => join(root, file))

/**
 * A hash of all that goes into a package's build. Of the packages it stands on only the built types count:
 * their code stays an import, so a change inside them does not change our output.
 */
export function fingerprint(pkg: Package, all: readonly Package[]): string {
  const own = ['package.json', 'tsup.config.ts', 'tsconfig.json'].map((file) => join(pkg.dir, file))
  const types = needs(pkg, all).flatMap((other) => globSync('dist/*.d.ts', { cwd: other.dir }).map((file) => join(other.dir, file)))
  const hash = createHash('sha256').update(process.version)
  for (const file of [...SHARED, ...own, ...sourcesOf(pkg), ...types.toSorted()]) {
    if (existsSync(file)) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

/** The files in dist that the manifest promises; one of them missing means the package has to be built. */
export function promised(pkg: Package): string[] {
  const entries = Object.values(pkg.manifest.exports ?? {}).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
  const files = [...entries, ...Object.values(pkg.manifest.bin ?? {})]
  return files.filter((file) => file.startsWith('./dist/')).map((file) => join(pkg.dir, file))
}
