import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  all,
  any,
  type ColumnKind,
  compileRule,
  defineSegment,
  defineSource,
  did,
  didNot,
  didRegularly,
  type Entity,
  type Environment,
  explainPopulation,
  explainRule,
  field,
  inSegment,
  near,
  not,
  type Rule,
  related,
  resumedDoing,
  ruleSchema,
  type SourceColumn,
  sampled,
  score,
  sequence,
  stoppedDoing,
  total,
} from '../src/index.ts'
import { compiler } from '../src/rules/compile.ts'
import { rules } from '../src/testing.ts'
import { entitiesOf, environment, NOW, pools, shops } from './shop.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const matches = (rule: Rule, entity: Partial<Entity>, env: Environment = environment, now = NOW) =>
  compileRule({ rule, source: 'customers', environment: env }).matches({ entity: { id: 'c1', values: {}, ...entity }, now })
const fact = (type: string, ago: number, values = {}) => ({ type, at: NOW - ago, values })

describe('windows are half-open', () => {
  const week = did('order', { within: { days: 7 } })
  test('what happens at t is within the last seven days from t on, and out of them seven days later to the millisecond', () => {
    const facts = [fact('order', 0)]
    expect([-1, 0, 7 * DAY - 1, 7 * DAY].map((later) => matches(week, { facts }, environment, NOW + later))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
  test('neighbouring stretches share no instant and leave none out', () => {
    const recent = did('order', { within: { last: { days: 30 } } })
    const before = did('order', { within: { last: { days: 90 }, until: { days: 30 } } })
    for (const ago of [0, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1, 90 * DAY - 1]) {
      const facts = [fact('order', ago)]
      expect(Number(matches(recent, { facts })) + Number(matches(before, { facts }))).toBe(1)
    }
  })
  test('this month begins at local midnight', () => {
    const now = Date.parse('2026-03-31T23:30:00Z')
    const rule = (zone: string) => field('seen').within({ calendar: 'month', zone })
    const seen = new Date('2026-03-31T20:00:00Z')
    expect(matches(rule('UTC'), { values: { seen } }, environment, now)).toBe(true)
    expect(matches(rule('Asia/Shanghai'), { values: { seen } }, environment, now)).toBe(true)
    expect(matches(rule('Asia/Shanghai'), { values: { seen: new Date('2026-03-31T15:59:59.999Z') } }, environment, now)).toBe(false)
  })
})

describe('behaviour', () => {
  test('stopped: did it before, not since', () => {
    const rule = stoppedDoing('visit', { active: { days: 30 }, quiet: { days: 7 } })
    expect(matches(rule, { facts: [fact('visit', 10 * DAY)] })).toBe(true)
    expect(matches(rule, { facts: [fact('visit', 10 * DAY), fact('visit', DAY)] })).toBe(false)
    expect(matches(rule, { facts: [fact('visit', 37 * DAY)] })).toBe(false)
  })
  test('resumed: back after a pause, and not a newcomer', () => {
    const rule = resumedDoing('visit', { active: { days: 7 }, quiet: { days: 30 } })
    expect(matches(rule, { facts: [fact('visit', DAY), fact('visit', 60 * DAY)] })).toBe(true)
    expect(matches(rule, { facts: [fact('visit', DAY)] })).toBe(false)
    expect(matches(rule, { facts: [fact('visit', DAY), fact('visit', 20 * DAY), fact('visit', 60 * DAY)] })).toBe(false)
  })
  test('a sequence keeps its gaps, also where the earliest first step would break one', () => {
    const rule = sequence([{ event: 'visit' }, { event: 'call', within: { hours: 1 } }, { event: 'order', within: { days: 1 } }])
    const late = [fact('visit', 10 * HOUR), fact('visit', 2 * HOUR), fact('call', 1.5 * HOUR), fact('order', 0)]
    expect(matches(rule, { facts: late })).toBe(true)
    expect(matches(rule, { facts: late.filter((_, n) => n !== 1) })).toBe(false)
  })
  test('regularly: in two of the last three weeks', () => {
    const rule = didRegularly('visit', { every: { days: 7 }, periods: 3, atLeast: 2 })
    expect(matches(rule, { facts: [fact('visit', DAY), fact('visit', 15 * DAY)] })).toBe(true)
    expect(matches(rule, { facts: [fact('visit', DAY), fact('visit', 2 * DAY)] })).toBe(false)
  })
  test('money sums are exact: ten times 0.10 is 1.00', () => {
    const rule = total('order', { fold: 'sum', of: 'amount', is: 'eq', value: '1.00' })
    expect(matches(rule, { facts: Array.from({ length: 10 }, (_, n) => fact('order', n, { amount: '0.10' })) })).toBe(true)
  })
  test('a sum of nothing is 0, an average of nothing is missing', () => {
    expect(matches(total('order', { fold: 'sum', of: 'amount', is: 'lt', value: '1.00' }), {})).toBe(true)
    expect(matches(total('order', { fold: 'average', of: 'amount', is: 'lt', value: '1.00' }), {})).toBe(false)
  })
  test('did not is the exact complement, also of a window', () => {
    const facts = [fact('order', 8 * DAY)]
    expect(matches(didNot('order', { within: { days: 7 } }), { facts })).toBe(true)
  })
})

describe('one row, one customer', () => {
  test('a comparison with a missing value is false, and not of it is true', () => {
    expect(matches(field('visits').lt(5), {})).toBe(false)
    expect(matches(not(field('visits').lt(5)), {})).toBe(true)
    expect(matches(field('visits').isMissing(), { values: { visits: null } })).toBe(true)
  })
  test('what stands on a prototype is not seen', () => {
    const values = Object.create({ vip: true }) as Record<string, unknown>
    expect(matches(field('vip').eq(true), { values })).toBe(false)
  })
  test('text is ordered by code point', () => {
    expect(matches(field('name').gt('\uff61'), { values: { name: '\u{1F600}' } })).toBe(true)
  })
  test('a region holds all below it', () => {
    expect(matches(field('region').under('eu'), { values: { region: 'milan' } })).toBe(true)
    expect(matches(field('region').under('milan'), { values: { region: 'it' } })).toBe(false)
  })
  test('Milan is within 600 km of Rome by the great circle, and not within 470', () => {
    const values = { latitude: 45.4642, longitude: 9.19 }
    const of = (km: number) => near({ latitude: 'latitude', longitude: 'longitude', to: [41.9028, 12.4964], km })
    expect([600, 470].map((km) => matches(of(km), { values }))).toEqual([true, false])
  })
  test('a weighted score against a threshold', () => {
    const rule = score(
      [
        { weight: 3, when: field('vip').eq(true) },
        { weight: 2, when: field('visits').gte(3) },
      ],
      { atLeast: 5 },
    )
    expect(matches(rule, { values: { vip: true, visits: 3 } })).toBe(true)
    expect(matches(rule, { values: { vip: true, visits: 2 } })).toBe(false)
  })
  test('every related row, of none at all', () => {
    const rule = related('orders').all(field('items').gt(0))
    expect(matches(rule, {})).toBe(true)
    expect(matches(rule, { related: { orders: [{ items: 1 }, { items: 0 }] } })).toBe(false)
  })
  test('two halves of a sample part everybody, and who is in which never changes', () => {
    const [a, b] = [sampled({ share: 0.5, salt: 's' }), sampled({ share: 0.5, salt: 's', from: 0.5 })]
    const ids = Array.from({ length: 10_000 }, (_, n) => `c_${n}`)
    const inA = ids.filter((id) => matches(a, { id }))
    expect(ids.every((id) => matches(a, { id }) !== matches(b, { id }))).toBe(true)
    expect(Math.abs(inA.length - 5_000)).toBeLessThan(150)
    // worked out apart, in Python
    expect(inA.slice(0, 5)).toEqual(['c_0', 'c_2', 'c_4', 'c_5', 'c_10'])
  })
})

describe('segments in segments', () => {
  test('a circle is refused with the way round', () => {
    const segments = {
      a: { source: 'customers', where: inSegment('b') },
      b: { source: 'customers', where: not(inSegment('c')) },
      c: { source: 'customers', where: all(inSegment('a')) },
    }
    expect(() => matches(inSegment('a'), {}, { ...environment, segments })).toThrow(/a -> b -> c -> a/)
  })
  test('each inner segment is evaluated once a question', () => {
    const segments = { base: { source: 'customers', where: field('visits').gte(1) } }
    const compiled = compiler({ ...environment, segments })
    const test = compiled.rule(any(not(inSegment('base')), all(inSegment('base'), inSegment('base'))), 'customers', '')
    test({ id: 'c1', values: { visits: 2 } }, NOW)
    expect(compiled.evaluations()).toBe(1)
  })
})

describe('what is wrong is refused when it is compiled, with its path', () => {
  const refused: readonly (readonly [string, Rule, string])[] = [
    ['an unknown column', all(field('nmae').eq('a')), 'of.0.field'],
    ['a text for a number', all(any(field('visits').gte('3'))), 'of.0.of.0.value'],
    ['more digits than the column has', field('spend').gte('1.001'), 'value'],
    ['a comparison without case where no folded column is', field('region').contains('IT', { fold: true }), 'fold'],
    ['an order of booleans', { op: 'gt', field: 'vip', value: 1 }, 'value'],
    ['a sum of doubles', related('orders').total({ fold: 'sum', of: 'channel', is: 'gt', value: 1 }), 'of'],
    ['an unknown segment', not(inSegment('nobody')), 'of.segment'],
    ['a question about the customer inside a row', did('order', { where: did('order') }), 'where'],
    ['a column that no event has', did('order', { where: field('visits').eq(1) }), 'where.field'],
    ['a date that is none', field('born').eq('2026-02-30'), 'value'],
  ]
  test.each(refused)('%s', (_, rule, path) => {
    expect(() => compileRule({ rule, source: 'customers', environment })).toThrow(
      expect.objectContaining({ code: 'segments/bad-rule', details: expect.objectContaining({ path }) }),
    )
  })
  test('shapes are refused by the schema: patterns, windows, depth, foreign keys', () => {
    const bad: unknown[] = [
      { op: 'like', field: 'name', value: 'a\\' },
      { op: 'like', field: 'name', value: '*a*a*a*a*a*a*a*a*a*a*a*' },
      { op: 'did', event: 'order', within: { last: { workingDays: 3 } } },
      { op: 'within', field: 'seen', window: { calendar: 'month', zone: 'Mars/Base' } },
      { op: 'eq', field: 'name', value: 'a', extra: 1 },
      { op: 'matches', field: 'name', value: '(a+)+$' },
      JSON.parse('{"op":"all","of":[{"op":"__proto__"}]}'),
      null,
      Array.from({ length: 60 }).reduce((of: unknown) => ({ op: 'not', of }), { op: 'all', of: [] }),
    ]
    for (const rule of bad) expect(ruleSchema.safeParse(rule).success, JSON.stringify(rule)?.slice(0, 60)).toBe(false)
    expect(() =>
      defineSegment({
        id: 'x',
        source: 'customers',
        where: { op: 'all', of: [{ op: 'in', field: 'name', values: [{}] }] } as unknown as Rule,
      }),
    ).toThrow(/where\.of\.0/)
  })
  test('a source names columns that are there, and SQL names that are names', () => {
    const of = { id: 's', table: 'customers', tenantColumn: 'org', keyColumn: 'id' }
    expect(() => defineSource({ ...of, columns: { name: { type: 'text', folded: 'nope' } } })).toThrow(/columns\.name\.folded/)
    expect(() => defineSource({ ...of, table: 'customers"; drop table x; --', columns: {} })).toThrow(/table/)
    expect(() => defineSource({ ...of, columns: { r: { type: 'text', regions: { a: 'b', b: 'a' } } } })).toThrow(/circle/)
  })
  test('a value of another type in the data is refused, never guessed', () => {
    expect(() => matches(field('visits').gt(1), { values: { visits: '2' } })).toThrow(
      expect.objectContaining({ code: 'segments/bad-value' }),
    )
    expect(() => matches(field('spend').gt('1'), { values: { spend: '1.001' } })).toThrow(
      expect.objectContaining({ code: 'segments/bad-value' }),
    )
  })
})

describe('explanations', () => {
  test('say what was found, what was asked, and how far it is', () => {
    const rule = all(field('region').in(['it', 'fr']), field('spend').gte('1000.00'))
    const why = explainRule({
      rule,
      source: 'customers',
      environment,
      now: NOW,
      entity: { id: 'c_42', values: { region: 'it', spend: '987.60' } },
    })
    expect(why.matched).toBe(false)
    expect(why.rules.children.map(({ passed, actual }) => [passed, actual])).toEqual([
      [true, 'it'],
      [false, '987.60'],
    ])
    expect(why.nearest).toMatchObject({ field: 'spend', change: '12.40 more', to: '1000.00' })
  })
  test('agree with matching, and the nearest change does flip', () => {
    fc.assert(
      fc.property(shops, rules({ fc, source: 'customers', environment, pools }), (shop, rule) => {
        for (const entity of entitiesOf(shop).customers.slice(0, 4)) {
          const why = explainRule({ rule, source: 'customers', environment, now: NOW, entity })
          expect(why.matched).toBe(matches(rule, entity))
          if (!why.nearest) continue
          const changed = {
            ...entity,
            values: { ...entity.values, ...Object.fromEntries(why.nearest.changes.map(({ field: name, to }) => [name, to])) },
          }
          expect(matches(rule, changed)).toBe(!why.matched)
        }
      }),
      { ...runs(2_000, 'segmentation: rules explained for four customers'), endOnFailure: true },
    )
  })
  test('what was found, compared as the rule compares it, is the answer', () => {
    const counts = ['count', 'distinct']
    const leaf = rules({ fc, source: 'customers', environment, pools, depth: 0 }).filter(
      ({ op }) => op === 'did' || op === 'total' || op === 'related' || op === 'relatedTotal',
    )
    const found = (rule: Rule, actual: unknown): boolean => {
      if (rule.op === 'did') {
        const { atLeast = 1, atMost = Number.POSITIVE_INFINITY } = rule
        return (actual as number) >= atLeast && (actual as number) <= atMost
      }
      if (rule.op !== 'total' && rule.op !== 'relatedTotal') return (actual as number) > 0
      const { columns } = (environment.sources.customers!.relations!.orders ?? {}) as { columns: Record<string, ColumnKind | SourceColumn> }
      const column = columns[rule.of ?? '']
      const type = counts.includes(rule.fold) ? 'integer' : column!
      const x = defineSource({ id: 'x', columns: { x: type } })
      return matches({ op: rule.is, field: 'x', value: rule.value }, { values: { x: actual } }, { sources: { customers: x.body } })
    }
    fc.assert(
      fc.property(shops, leaf, (shop, rule) => {
        // a quotient is shown cut off, and whether all of them hold takes two numbers
        if ((rule.op === 'related' && rule.how === 'all') || ('fold' in rule && rule.fold === 'average')) return
        for (const entity of entitiesOf(shop).customers.slice(0, 4)) {
          const { matched, rules: part } = explainRule({ rule, source: 'customers', environment, now: NOW, entity })
          const is = found(rule, part.actual)
          expect(rule.op === 'related' && rule.how === 'none' ? !is : is, JSON.stringify([rule, part.actual])).toBe(matched)
        }
      }),
      { ...runs(2_000, 'segmentation: rules whose finding was held against their answer'), endOnFailure: true },
    )
  })
  test('find a flip for every rule of thresholds on numbers', () => {
    const leaf = fc
      .tuple(fc.constantFrom('visits', 'cents'), fc.constantFrom('lt', 'lte', 'gt', 'gte'), fc.integer({ min: -50, max: 50 }))
      .map(([name, op, value]) => ({ op, field: name, value: name === 'cents' ? String(value) : value }) as Rule)
    const thresholds = fc
      .tuple(fc.constantFrom('all', 'any'), fc.array(leaf, { minLength: 1, maxLength: 3 }))
      .map(([op, of]) => ({ op, of }) as Rule)
    const values = fc.record({ visits: fc.integer({ min: -60, max: 60 }), cents: fc.integer({ min: -6_000, max: 6_000 }) })
    fc.assert(
      fc.property(thresholds, values, (rule, found) => {
        const why = explainRule({ rule, source: 'customers', environment, now: NOW, entity: { id: 'c1', values: found } })
        // a rule that no values flip has none to suggest: some pair of thresholds contradicts itself
        const edges = (name: string, scale: number) =>
          [
            -60,
            60,
            ...(rule as unknown as { of: { field: string; value: string | number }[] }).of
              .filter((part) => part.field === name)
              .map(({ value }) => Number(value)),
          ].flatMap((value) => [value * scale - 1, value * scale, value * scale + 1])
        const can = edges('visits', 1).some((visits) =>
          edges('cents', 100).some((cents) => matches(rule, { values: { visits, cents } }) !== why.matched),
        )
        expect(why.nearest !== null).toBe(can)
      }),
      { ...runs(1_000, 'segmentation: flips of numeric thresholds'), endOnFailure: true },
    )
  })
  test('over a population: what each part keeps and drops', () => {
    const entities = [1, 2, 3, 4].map((visits) => ({ id: `c${visits}`, values: { visits, vip: visits > 3 } }))
    const counted = explainPopulation({
      rule: all(field('visits').gte(2), field('vip').eq(true)),
      source: 'customers',
      environment,
      entities,
      now: NOW,
    })
    expect(counted).toMatchObject({
      came: 4,
      kept: 1,
      children: [
        { came: 4, kept: 3, dropped: 1 },
        { came: 3, kept: 1, dropped: 2 },
      ],
    })
  })
})
