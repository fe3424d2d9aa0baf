import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cyclesAmong } from '../cycles.ts'
import { breachesOf, breachText } from '../dependencies.ts'
import { parseSource } from '../source.ts'
import { type Manifest, packagesIn, root } from '../workspace.ts'

describe('the packages', () => {
  for (const pkg of packagesIn(root)) {
    test(`${pkg.manifest.name} imports only what it may and leaves time and chance to its callers`, () => {
      expect(breachesOf(pkg).map(breachText)).toEqual([])
    })
  }
})

/** The breaches of a made-up package with these files under src/. */
function check(folder: string, files: Record<string, string>, dependencies: Manifest['dependencies'] = {}): string[] {
  const dir = join(root, 'packages', folder)
  const sources = Object.entries(files).map(([name, text]) => parseSource(join(dir, 'src', name), text))
  return breachesOf({ folder, dir, manifest: { name: `@patronkit/${folder}`, dependencies } }, sources).map(breachText)
}

const OURS = { '@patronkit/core': 'workspace:*', '@patronkit/business-time': 'workspace:*', '@patronkit/loyalty-points': 'workspace:*' }

describe('the check itself', () => {
  test('a domain that imports another domain is named with file, line and rule', () => {
    expect(
      check('sla-engine', { 'a.ts': "import { toMs } from '@patronkit/core/service'\nimport '@patronkit/loyalty-points'" }, OURS),
    ).toEqual([
      'packages/sla-engine/src/a.ts:2 imports @patronkit/loyalty-points; packages/sla-engine may import only @patronkit/core and @patronkit/business-time',
    ])
  })

  test.each([
    ['a static import', "import '@patronkit/business-time'"],
    ['a type import', "import type { X } from '@patronkit/business-time'"],
    ['a re-export', "export * from '@patronkit/business-time'"],
    ['a dynamic import', "const x = await import('@patronkit/business-time')"],
    ['an import inside a type', "type X = import('@patronkit/business-time').X"],
    ['a module declaration', "declare module '@patronkit/business-time' {}"],
  ])('%s counts', (_, text) => {
    expect(check('core', { 'a.ts': text }, OURS)).toEqual([
      'packages/core/src/a.ts:1 imports @patronkit/business-time; packages/core may import none of our packages',
    ])
  })

  test('patronkit may import anything, a package without a rule nothing of ours', () => {
    expect(check('patronkit', { 'a.ts': "import '@patronkit/loyalty-points'" }, OURS)).toEqual([])
    expect(check('new', { 'a.ts': "import '@patronkit/core'" }, OURS)).toEqual([
      'packages/new/src/a.ts:1 imports @patronkit/core, but tooling/dependencies.ts has no rule for packages/new yet: add one',
    ])
  })

  test('an import that the manifest does not declare, and one from another folder, are refused', () => {
    expect(check('core', { 'a.ts': "import { z } from 'zod/mini'\nimport '../../loyalty-points/src/index.ts'" })).toEqual([
      'packages/core/src/a.ts:1 imports zod, which is not among the dependencies or peerDependencies of @patronkit/core',
      'packages/core/src/a.ts:2 imports ../../loyalty-points/src/index.ts, which lies outside its package',
    ])
    expect(check('core', { 'a.ts': "import { z } from 'zod/mini'" }, { zod: '^4.0.0' })).toEqual([])
  })

  test('node: belongs to driver entries and the command line', () => {
    const text = "import { DatabaseSync } from 'node:sqlite'"
    expect(check('storage-sql', { 'node-sqlite.ts': text })).toEqual([])
    expect(check('patronkit', { 'cli/files.ts': text })).toEqual([])
    expect(check('storage-sql', { 'engine.ts': text })).toEqual([
      'packages/storage-sql/src/engine.ts:1 imports node:sqlite, which only a driver entry or the command line may',
    ])
  })

  test('time and chance are read in the clock only; comments, texts and dates of something are free', () => {
    const text = [
      '// Date.now() and Math.random()',
      "'new Date()'",
      'new Date(0)',
      'Date.now()',
      'new Date()',
      'Math.random()',
      'Date()',
    ].join('\n')
    expect(check('core', { 'clock.ts': text })).toEqual([])
    expect(check('core', { 'a.ts': text })).toEqual([
      'packages/core/src/a.ts:4 uses Date.now; time and chance are handed in',
      'packages/core/src/a.ts:5 uses new Date(); time and chance are handed in',
      'packages/core/src/a.ts:6 uses Math.random; time and chance are handed in',
      'packages/core/src/a.ts:7 uses Date(); time and chance are handed in',
    ])
  })

  test('a circle of files is shown as a path', () => {
    expect(check('core', { 'a.ts': "import './b.ts'", 'b.ts': "\nimport './c.ts'", 'c.ts': "export * from './b.ts'" })).toEqual([
      'packages/core/src/b.ts:2 imports in a circle: packages/core/src/b.ts -> packages/core/src/c.ts -> packages/core/src/b.ts',
    ])
  })

  test('types that refer to each other are no circle, but a mixed import that loads the file is one', () => {
    const back = (text: string) => check('core', { 'a.ts': "import './b.ts'", 'b.ts': text })
    expect(back("import type { A } from './a.ts'\nexport type { B } from './a.ts'\ntype C = import('./a.ts').C")).toEqual([])
    expect(back("import { type A } from './a.ts'")).toHaveLength(1)
  })

  test('a diamond is no circle', () => {
    const diamond = new Map(Object.entries({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))
    expect(cyclesAmong(diamond)).toEqual([])
  })
})
