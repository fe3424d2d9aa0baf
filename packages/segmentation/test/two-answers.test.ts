import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { runs } from '../../../tooling/runs.ts'
import { hostTable, keyOf } from '../src/rules/lower.ts'
import { innerRules, ruleSchema } from '../src/rules/schema.ts'
import { compileRule, type Entity, lowerRule, type Rule } from '../src/rules.ts'
import { rules } from '../src/testing.ts'
import { entitiesOf, environment, NOW, pools, postgresShop, type Shop, shops, sqliteShop } from './shop.ts'

const PER_SHOP = 20
const drawn = (source: string) => fc.array(rules({ fc, source, environment, pools }), { minLength: PER_SHOP, maxLength: PER_SHOP })

type Engine = Awaited<ReturnType<typeof postgresShop>>

const question = (rule: Rule, source: string) => {
  const of = environment.sources[source]!
  return { tenant: 'acme', table: hostTable(of), key: keyOf(of), where: lowerRule({ rule, source, environment, now: NOW }) }
}

async function sameAnswers(
  engine: Engine,
  shop: Shop,
  other: Shop,
  source: 'customers' | 'companies',
  all: readonly Rule[],
  seen: Map<string, number>,
) {
  await engine.fill(shop, other)
  const entities: readonly Entity[] = entitiesOf(shop)[source]
  for (const rule of all) {
    ruleSchema.parse(rule)
    tally(rule, seen)
    const { test: holds } = compileRule({ rule, source, environment })
    const inMemory = entities
      .filter((entity) => holds(entity, NOW))
      .map(({ id }) => id)
      .sort()
    const asked = question(rule, source)
    const exact = engine.reader.unknowns(asked).length === 0
    const inSql = await engine.reader.keys(asked, { limit: 1_000, superset: !exact })
    const context = () => `${engine.reader.engine} ${JSON.stringify(rule)}`
    if (exact) {
      expect(inSql, context()).toEqual(inMemory)
      const complement = await engine.reader.count(question({ op: 'not', of: rule }, source))
      expect(complement + inSql.length, context()).toBe(entities.length)
    } else {
      // candidates for the decision in memory: nobody is missing
      for (const id of inMemory) expect(inSql, context()).toContain(id)
    }
  }
}

function tally(rule: Rule, seen: Map<string, number>): void {
  const name =
    'fold' in rule && typeof rule.fold === 'string'
      ? `${rule.op} ${rule.fold}`
      : 'fold' in rule
        ? `${rule.op} folded`
        : 'how' in rule
          ? `${rule.op} ${rule.how}`
          : rule.op
  seen.set(name, (seen.get(name) ?? 0) + 1)
  for (const inner of innerRules(rule)) tally(inner, seen)
}

describe.each(['sqlite', 'postgres'] as const)('a rule has one answer, in memory and on %s', (name) => {
  const seen = new Map<string, number>()
  let engine: Promise<Engine> | undefined
  let db: PGlite | undefined
  const open = (): Promise<Engine> => {
    if (name === 'sqlite') return Promise.resolve(sqliteShop())
    db = new PGlite()
    return postgresShop(db)
  }
  afterAll(async () => {
    await db?.close()
    const counts = [...seen].sort((a, b) => a[1] - b[1])
    console.log(`${name}: ${counts.map(([op, count]) => `${op} ${count}`).join(', ')}`)
    for (const [op, count] of counts) figure(`segmentation, ${name}: rules with ${op}`, count, 'rules')
    if (process.env.PATRONKIT_DEEP) expect(counts.filter(([, count]) => count < 100)).toEqual([])
  })

  test.each([
    ['customers', 9_000],
    ['companies', 1_000],
  ] as const)(
    'of %s, over random rules and data',
    async (source, pairs) => {
      engine ??= open()
      const on = await engine
      const { numRuns, ...rest } = runs(pairs / PER_SHOP, `segmentation, ${name}: shops with ${PER_SHOP} rules about ${source}`)
      await fc.assert(
        fc.asyncProperty(shops, shops, drawn(source), (shop, other, all) => sameAnswers(on, shop, other, source, all, seen)),
        { numRuns, ...rest, endOnFailure: true },
      )
    },
    900_000,
  )
})
