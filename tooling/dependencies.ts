import { dirname, relative, resolve, sep } from 'node:path'
import ts from 'typescript'
import { cyclesAmong } from './cycles.ts'
import { type Import, importsOf, lineOf, readSource, type Source, walk } from './source.ts'
import { type Manifest, type Package, shown, sourcesOf } from './workspace.ts'

/** Which of our packages each package may import. Domains see core and business-time, never each other. */
const DOMAIN = ['@patronkit/core', '@patronkit/business-time']
const MAY_IMPORT: Readonly<Record<string, readonly string[] | 'any'>> = {
  core: [],
  'business-time': ['@patronkit/core'],
  segmentation: DOMAIN,
  'sla-engine': DOMAIN,
  'complaint-workflow': DOMAIN,
  'loyalty-points': DOMAIN,
  'kpi-scoring': DOMAIN,
  'customer-profile': DOMAIN,
  'team-planning': DOMAIN,
  'storage-sql': ['@patronkit/core'],
  'storage-testkit': ['@patronkit/core'],
  patronkit: 'any',
}

/** Where `node:` may be imported: the entry of a driver that Node itself ships, and the command line. */
const NODE_ALLOWED = [/^storage-sql\/src\/node-sqlite\.ts$/, /^patronkit\/src\//]

/** Where the time is read and chance is drawn: the clock, and a test suite's seed. Everything else is handed both. */
const TIME_ALLOWED = [/^core\/src\/clock\.ts$/, /^storage-testkit\/src\/suite\.ts$/]

/** A rule that a file breaks. */
export interface Breach {
  readonly file: string
  readonly line: number
  readonly rule: string
}

export const breachText = ({ file, line, rule }: Breach): string => `${file}:${line} ${rule}`

/** Checks the sources of one package; `file` of each source is its absolute path. */
export function breachesOf(pkg: Package, sources: readonly Source[] = sourcesOf(pkg).map(readSource)): Breach[] {
  const imports = new Map(sources.map((source) => [source.file, importsOf(source)]))
  const single = sources.flatMap((source) => [
    ...(imports.get(source.file) ?? []).flatMap((found) => brokenBy(pkg, source.file, found)),
    ...(isAllowed(TIME_ALLOWED, pkg, source.file) ? [] : readsTimeOrChance(source)),
  ])
  return [...single, ...cycles(imports)]
}

function brokenBy(pkg: Package, file: string, { specifier, line }: Import): Breach[] {
  const rule = specifier.startsWith('.')
    ? leavesPackage(pkg, file, specifier)
    : specifier.startsWith('node:')
      ? !isAllowed(NODE_ALLOWED, pkg, file) && `imports ${specifier}, which only a driver entry or the command line may`
      : (wrongDirection(pkg, specifier) ?? undeclared(pkg.manifest, specifier))
  return rule ? [{ file: shown(file), line, rule }] : []
}

function leavesPackage(pkg: Package, file: string, specifier: string): string | undefined {
  const target = relative(pkg.dir, resolve(dirname(file), specifier))
  return target.startsWith('..') ? `imports ${specifier}, which lies outside its package` : undefined
}

function wrongDirection(pkg: Package, specifier: string): string | undefined {
  const name = packageName(specifier)
  if (name !== 'patronkit' && !name.startsWith('@patronkit/')) return undefined
  const allowed = MAY_IMPORT[pkg.folder]
  if (!allowed) return `imports ${name}, but tooling/dependencies.ts has no rule for packages/${pkg.folder} yet: add one`
  if (allowed === 'any' || allowed.includes(name)) return undefined
  return `imports ${name}; packages/${pkg.folder} may import ${allowed.length === 0 ? 'none of our packages' : `only ${allowed.join(' and ')}`}`
}

function undeclared(manifest: Manifest, specifier: string): string | undefined {
  const name = packageName(specifier)
  if (name in { ...manifest.dependencies, ...manifest.peerDependencies }) return undefined
  return `imports ${name}, which is not among the dependencies or peerDependencies of ${manifest.name}`
}

/** `@scope/name/sub` -> `@scope/name`, `name/sub` -> `name`. */
const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const isAllowed = (list: readonly RegExp[], pkg: Package, file: string): boolean => {
  const path = [pkg.folder, ...relative(pkg.dir, file).split(sep)].join('/')
  return list.some((pattern) => pattern.test(path))
}

function readsTimeOrChance(source: Source): Breach[] {
  const found: Breach[] = []
  walk(source.tree, (node) => {
    const what = timeOrChance(node)
    if (what) found.push({ file: shown(source.file), line: lineOf(source, node), rule: `uses ${what}; time and chance are handed in` })
  })
  return found
}

function timeOrChance(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const name = `${node.expression.getText()}.${node.name.text}`
    return name === 'Date.now' || name === 'Math.random' ? name : undefined
  }
  const isDate =
    (ts.isNewExpression(node) || ts.isCallExpression(node)) && ts.isIdentifier(node.expression) && node.expression.text === 'Date'
  if (!isDate || (ts.isNewExpression(node) && node.arguments && node.arguments.length > 0)) return undefined
  return ts.isNewExpression(node) ? 'new Date()' : 'Date()'
}

/** Files that load each other. Types may refer to each other in a circle: they are gone before anything is loaded. */
function cycles(imports: ReadonlyMap<string, readonly Import[]>): Breach[] {
  const edges = new Map(
    [...imports].map(([file, found]) => [
      file,
      found
        .filter(({ specifier, erased }) => specifier.startsWith('.') && !erased)
        .map(({ specifier }) => resolve(dirname(file), specifier)),
    ]),
  )
  return cyclesAmong(edges).map((cycle) => {
    const [first, second] = cycle as [string, string]
    const line = imports.get(first)?.find(({ specifier }) => resolve(dirname(first), specifier) === second)?.line ?? 1
    return { file: shown(first), line, rule: `imports in a circle: ${cycle.map(shown).join(' -> ')}` }
  })
}
