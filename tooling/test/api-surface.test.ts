import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, describe, expect, test } from 'vitest'
import { codesIn, wrongCode } from '../error-codes.ts'
import { parseSource, readSource } from '../source.ts'
import { entriesOf, unwelcomeTypes, workspaceOptions } from '../surface.ts'
import { wrongVerbs } from '../verbs.ts'
import { packagesIn, root, sourcesOf } from '../workspace.ts'

const packages = packagesIn(root)
const codes = new Map(packages.map((pkg) => [pkg, sourcesOf(pkg).map(readSource).flatMap(codesIn)]))
const coreCodes = new Set(
  [...codes].flatMap(([pkg, found]) => (pkg.folder === 'core' ? found.filter((c) => c.declared).map((c) => c.code) : [])),
)

describe('error codes', () => {
  test('are prefix/kebab-case with the prefix of their package', () => {
    const wrong = [...codes].flatMap(([pkg, found]) => found.flatMap((code) => wrongCode(pkg.folder, code, coreCodes) ?? []))
    expect(wrong).toEqual([])
  })

  test('each have a line in docs/errors.md', () => {
    const page = join(root, 'docs/errors.md')
    const text = existsSync(page) ? readFileSync(page, 'utf8') : ''
    const firstPlace = new Map(
      [...codes.values()]
        .flat()
        .toReversed()
        .map(({ code, at }) => [code, at]),
    )
    const missing = [...firstPlace].filter(([code]) => !text.includes(`\`${code}\``))
    expect(missing.map(([code, at]) => `${code} (${at})`)).toEqual([])
  })

  test('are found where they are thrown or declared; the codes of explanations and of zod are left alone', () => {
    const text = [
      "throw new PatronkitError({ code: 'bad', message: '', details: {} })",
      "throw new PatronkitError({ code: late ? 'sla/too-late' : 'sla/Too-Early', message: '', details: {} })",
      "ctx.addIssue({ code: 'custom' }); const line = { code: 'sla/clock', data: {} }",
      "declare global { interface PatronkitErrorDetails { 'sla/unknown-item': { readonly item: string } } }",
    ].join('\n')
    const found = codesIn(parseSource(join(root, 'a.ts'), text))
    expect(found.map(({ code, at }) => `${at} ${code}`)).toEqual([
      'a.ts:1 bad',
      'a.ts:2 sla/too-late',
      'a.ts:2 sla/Too-Early',
      'a.ts:4 sla/unknown-item',
    ])
    expect(found.map((code) => wrongCode('sla-engine', code, new Set()))).toEqual([
      'a.ts:1 bad is not prefix/kebab-case',
      undefined,
      'a.ts:2 sla/Too-Early is not prefix/kebab-case',
      undefined,
    ])
  })

  test('belong to the package that throws them, or are declared by core', () => {
    const busy = { code: 'core/busy', at: 'a.ts:1', declared: false }
    expect(wrongCode('storage-sql', busy, new Set(['core/busy']))).toBeUndefined()
    expect(wrongCode('storage-sql', busy, new Set())).toBe(
      'a.ts:1 core/busy: packages/storage-sql throws storage/… or a code that core declares',
    )
  })
})

describe('public types', () => {
  mkdirSync(join(root, '.build'), { recursive: true })
  const scratch = mkdtempSync(join(root, '.build/surface-'))
  afterAll(() => rmSync(scratch, { recursive: true }))
  const write = (name: string, text: string) => {
    writeFileSync(join(scratch, name), text)
    return join(scratch, name)
  }

  test('hold no bigint and no any, and every service speaks in the same shape', () => {
    const entries = packages.flatMap((pkg) => [...entriesOf(pkg).values()])
    const program = ts.createProgram(entries, workspaceOptions())
    expect(unwelcomeTypes(program, entries)).toEqual([])
    expect(wrongVerbs(program, entries)).toEqual([])
  })

  test('are what an entry exports, also through a re-export; function bodies are nobody’s business', () => {
    write('inner.ts', 'export interface Seen {\n  points: bigint\n}\nexport type Hidden = bigint\n')
    const entry = write(
      'index.ts',
      "export type { Seen } from './inner.ts'\nexport const f = (x: unknown): any => {\n  return x as bigint\n}\nexport { basename } from 'node:path'\n",
    )
    const found = unwelcomeTypes(ts.createProgram([entry], workspaceOptions()), [entry])
    expect(found.map((text) => text.replace(/^.*\//, ''))).toEqual([
      'index.ts:2 any in a public type',
      'inner.ts:2 bigint in a public type',
    ])
  })

  test('of a service: one object, safe to send twice, money never a bare number', () => {
    const entry = write(
      'service.ts',
      `interface Points {
        publish(i: { definition: object }): Promise<void>
        earn(i: { idempotencyKey: string; order: { id: string; total: { amount: string } } }): Promise<void>
        record(i: { facts: readonly { id: string }[] }): Promise<void>
        recordMany(i: { items: { facts: { id: string }[] }[] }): Promise<void>
        balance(i: { account: string }): Promise<number>
        capture(i: { hold: string }): Promise<void>
        hold(i: { idempotencyKey?: string }): Promise<void>
        status(id: string): Promise<void>
        lots(i: { account: string }, limit: number): Promise<void>
        refund(i: { idempotencyKey: string; order: { total?: number } }): Promise<void>
      }
      export declare function createPoints(deps: object): { for(scope: object): Points & { in(session: object): Points } }
      export declare function createNothing(): string`,
    )
    expect(wrongVerbs(ts.createProgram([entry], workspaceOptions()), [entry])).toEqual([
      'createPoints: capture writes without idempotencyKey, rows with an id, or a definition',
      'createPoints: hold writes without idempotencyKey, rows with an id, or a definition',
      'createPoints: status takes something else than one object',
      'createPoints: lots takes something else than one object',
      'createPoints: refund takes order.total as a bare number; money is { amount: string, currency }',
    ])
  })
})
