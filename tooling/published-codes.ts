// node tooling/published-codes.ts: after a build, every error code declared in a package's sources is declared in its built types.
// The types are rolled up from what the entries show, so `declare global` in a file that only the inside imports is lost on the way.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codesIn } from './error-codes.ts'
import { readSource } from './source.ts'
import { packagesIn, root, sourcesOf } from './workspace.ts'

const lost = packagesIn(root).flatMap((pkg) => {
  const built = globSync('dist/*.d.ts', { cwd: pkg.dir })
    .map((file) => readFileSync(join(pkg.dir, file), 'utf8'))
    .join('\n')
  const declared = sourcesOf(pkg)
    .map(readSource)
    .flatMap(codesIn)
    .filter((found) => found.declared)
  return declared.filter(({ code }) => !built.includes(`'${code}':`))
})
for (const { code, at } of lost)
  console.error(`${at} ${code} is missing from the built types: import that file in src/index.ts (import './…')`)
process.exitCode = lost.length === 0 ? 0 : 1
