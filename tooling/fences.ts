import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.ts'

/** A TypeScript fence of a page or a doc comment. `line` is that of its first line of code, from 1. */
export interface Fence {
  readonly file: string
  readonly line: number
  /** What follows the language on the opening line. */
  readonly info: string
  readonly text: string
}

/** The TypeScript fences of a markdown page, or of the doc comments of a .ts file. */
export function fencesIn(file: string, text: string): Fence[] {
  const lines = text.split('\n')
  const isCode = file.endsWith('.ts')
  const fences: Fence[] = []
  for (let at = 0; at < lines.length; at++) {
    const opening = (isCode ? /^(\s*\* ?)```(?:ts|tsx|typescript)\b(.*)$/ : /^(\s*)```(?:ts|tsx|typescript)\b(.*)$/).exec(lines[at]!)
    if (!opening) continue
    const [, margin = '', info = ''] = opening
    const first = at + 1
    while (++at < lines.length && !unmargined(lines[at]!, margin).startsWith('```')) {}
    const code = lines.slice(first, at).map((line) => unmargined(line, margin))
    fences.push({ file, line: first + 1, info: info.trim(), text: code.join('\n') })
  }
  return fences
}

/** Cuts what stands left of the fence. An empty comment line lacks the blank after its star. */
const unmargined = (line: string, margin: string): string =>
  line.startsWith(margin) ? line.slice(margin.length) : line.replace(/^\s*\*?/, '')

/** Every fence that a reader of the project meets. */
export const allFences = (): Fence[] =>
  globSync(['README.md', 'CONTRIBUTING.md', 'packages/*/README.md', 'docs/**/*.md', 'packages/*/src/**/*.ts'], {
    cwd: root,
    exclude: ['docs/reference/**'],
  })
    .toSorted()
    .map((file) => join(root, file))
    .flatMap((file) => fencesIn(file, readFileSync(file, 'utf8')))

/** Our packages are what the check is about: a fence without them belongs to somebody else's code. */
export const showsOurs = ({ text }: Fence): boolean => /(?:from|import)\s*\(?\s*['"](?:@patronkit\/|patronkit['"/]|\.\/)/.test(text)

/** A fence that begins with `// host.ts` is a file which the other fences of the page import as './host.ts'. */
export const fileName = ({ text }: Fence): string | undefined => /^\/\/ ([\w./-]+\.ts)\b/.exec(text)?.[1]

/** There is no way around the check: an example that does not compile is mended or removed. */
export const wayAround = ({ info, text }: Fence): string | undefined =>
  /no-?check|ignore/i.exec(info)?.[0] ?? /@ts-(?:nocheck|ignore)/.exec(text)?.[0]
