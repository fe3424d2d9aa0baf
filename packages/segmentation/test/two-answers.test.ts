import { PGlite } from '@electric-sql/pglite'
import { fromPg } from '@patronkit/storage-sql/pg'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { runs } from '../../../tooling/runs.ts'
import { realPostgres, startServer } from '../../storage-sql/test/postgres-server.ts'
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

interface Opened {
  readonly engine: Engine
  readonly close: () => Promise<unknown>
}

const ENGINES = {
  sqlite: async (): Promise<Opened> => ({ engine: sqliteShop(), close: async () => undefined }),
  pglite: async (): Promise<Opened> => {
    const db = new PGlite()
    return { engine: await postgresShop(fromPglite(db), db), close: () => db.close() }
  },
  /** A host's server: its texts sort as people do and its days are those of Kathmandu, and no answer may hang on either. */
  postgres: async (): Promise<Opened> => {
    const server = await startServer()
    const owner = server.pool(1)
    await owner.query("create database shop template template0 locale_provider icu icu_locale 'de' locale 'C.UTF-8'")
    await owner.query("alter database shop set timezone to 'Asia/Kathmandu'")
    const pool = server.pool(1, undefined, 'shop')
    return { engine: await postgresShop(fromPg(pool), pool), close: server.stop }
  },
}
const names = ['sqlite', 'pglite', ...(realPostgres ? (['postgres'] as const) : [])] as const

describe.each(names)('a rule has one answer, in memory and on %s', (name) => {
  const seen = new Map<string, number>()
  let opened: Promise<Opened> | undefined
  afterAll(async () => {
    await (await opened)?.close()
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
      opened ??= ENGINES[name]()
      const { engine } = await opened
      const { numRuns, ...rest } = runs(pairs / PER_SHOP, `segmentation, ${name}: shops with ${PER_SHOP} rules about ${source}`)
      await fc.assert(
        fc.asyncProperty(shops, shops, drawn(source), (shop, other, all) => sameAnswers(engine, shop, other, source, all, seen)),
        { numRuns, ...rest, endOnFailure: true },
      )
    },
    900_000,
  )
})
