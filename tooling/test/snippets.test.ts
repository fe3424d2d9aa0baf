import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allFences, fencesIn, showsOurs } from '../fences.ts'
import { checkSnippets } from '../snippets.ts'
import { root } from '../workspace.ts'

test('every example in the docs and doc comments compiles against the sources', () => {
  const { problems, checked, skipped } = checkSnippets(allFences())
  console.log(`${checked} examples checked, ${skipped} without an import of ours skipped`)
  expect(problems).toEqual([])
})

const fence = '```'
const page = (...lines: string[]) => fencesIn(join(root, 'docs/made-up.md'), lines.join('\n'))

describe('the check itself', () => {
  test('finds fences in pages and in doc comments, also indented ones, with their lines', () => {
    expect(
      page('# Title', `${fence}ts`, 'a', '', 'b', fence, '- item', `  ${fence}typescript`, '  c', `  ${fence}`, `${fence}sh`, 'd', fence),
    ).toMatchObject([
      { line: 3, text: 'a\n\nb' },
      { line: 9, text: 'c' },
    ])
    const comment = ['/**', ' * @example', ` * ${fence}ts`, ' * a', ' *', ' *   b', ` * ${fence}`, ' */', 'export const x = 1'].join('\n')
    expect(fencesIn('x.ts', comment)).toMatchObject([{ line: 4, text: 'a\n\n  b' }])
  })

  test.each([
    ["import { attempt } from '@patronkit/core'", true],
    ["import { createPatronkit } from 'patronkit'", true],
    ["import type {\n  X,\n} from '@patronkit/core/storage'", true],
    ["const core = await import('@patronkit/core')", true],
    ["import { z } from 'zod'", false],
    ["import { x } from 'patronkit-elsewhere'", false],
  ])('%j shows our packages: %s', (text, ours) => {
    expect(showsOurs({ file: 'x.md', line: 1, info: '', text })).toBe(ours)
  })

  test('a mistake is reported with the line of the page; fences import each other by file name; others are skipped', () => {
    const report = checkSnippets(
      page(
        `${fence}ts`,
        '// host.ts',
        'export const start: string = 1',
        fence,
        `${fence}ts`,
        "import { manualClock } from '@patronkit/core'",
        "import { start } from './host.ts'",
        'manualClock(start).forward()',
        fence,
        `${fence}ts`,
        'somebody.elses(code)',
        fence,
      ),
    )
    expect(report).toEqual({
      problems: [
        "docs/made-up.md:3:14 Type 'number' is not assignable to type 'string'. (TS2322)",
        expect.stringMatching(/^docs\/made-up\.md:8:20 Property 'forward' does not exist/),
      ],
      checked: 2,
      skipped: 1,
    })
  })

  test('nothing opts out', () => {
    expect(checkSnippets(page(`${fence}ts nocheck`, 'x', fence, `${fence}ts`, '// @ts-ignore', 'y', fence)).problems).toEqual([
      'docs/made-up.md:2 nocheck: examples are always checked; mend it or remove it',
      'docs/made-up.md:5 @ts-ignore: examples are always checked; mend it or remove it',
    ])
  })
})
