import type { Arbitrary } from 'fast-check'
import type { Environment } from './rules/environment.ts'
import type { Rule, Window } from './rules/model.ts'
import { type ColumnKind, type Columns, columnOf } from './rules/source.ts'

/** The module `fast-check`, given by the test that has it installed; this package does not depend on it. */
export type FastCheck = typeof import('fast-check')['default']

/** Values to draw from, by kind of column; rules and data that share them meet often. */
export type Pools = { readonly [K in ColumnKind]: readonly (string | number | boolean)[] }

/**
 * Random rules over a source, every operator that the source allows for. They compile by construction.
 *
 * @example
 * ```ts
 * import { compileRule, defineSource } from '@patronkit/segmentation'
 * import { rules } from '@patronkit/segmentation/testing'
 * import fc from 'fast-check'
 *
 * const customers = defineSource({ id: 'customers', table: 'customers', tenantColumn: 'org', keyColumn: 'id', columns: { vip: 'boolean' } })
 * const environment = { sources: { customers: customers.body } }
 * const pools = { text: ['a'], integer: [1], decimal: ['1.10'], number: [0.5], boolean: [true], instant: ['2026-01-01T00:00:00Z'], date: ['2026-01-01'] }
 * fc.assert(fc.property(rules({ fc, source: 'customers', environment, pools }), (rule) => {
 *   compileRule({ rule, source: 'customers', environment })
 * }))
 * ```
 */
export function rules(i: {
  readonly fc: FastCheck
  readonly source: string
  readonly environment: Environment
  readonly pools: Pools
  readonly depth?: number
}): Arbitrary<Rule> {
  const { fc, environment, pools } = i
  const source = environment.sources[i.source]!
  const days = fc.constantFrom(1, 2, 7, 30).map((days) => ({ days }))
  const window: Arbitrary<Window> = fc.oneof(
    fc.record({ last: days }) as Arbitrary<Window>,
    days.map((until): Window => ({ last: { days: until.days * 3 }, until })),
    fc
      .tuple(fc.constantFrom(...pools.instant), fc.constantFrom(...pools.instant))
      .map(([from, to]): Window => ({ from: String(from), to: String(to) })),
    fc.constantFrom(...pools.instant).map((to): Window => ({ to: String(to) })),
    fc
      .record({
        calendar: fc.constantFrom('day', 'week', 'month', 'quarter', 'year'),
        back: fc.nat(2),
        zone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Shanghai'),
      })
      .map((one) => one as Window),
  )
  const comparison = fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte')
  const order = fc.constantFrom('lt', 'lte', 'gt', 'gte')

  const leaves = (columns: Columns): Arbitrary<Rule>[] => {
    const names = (...kinds: ColumnKind[]) => Object.keys(columns).filter((name) => kinds.includes(columnOf(columns[name]!).type))
    const pick = (of: readonly string[]) => fc.constantFrom(...of)
    const drawnFor = (name: string) => fc.constantFrom(...pools[columnOf(columns[name]!).type])
    const every = Object.keys(columns)
    const sortable = names('text', 'integer', 'decimal', 'number', 'instant', 'date')
    const texts = names('text')
    const folded = texts.filter((name) => columnOf(columns[name]!).folded !== undefined)
    const since = every.filter((name) => columnOf(columns[name]!).since !== undefined)
    const regions = texts.filter((name) => columnOf(columns[name]!).regions !== undefined)
    const doubles = names('number')
    const dated = names('instant', 'date')
    const text = fc.constantFrom(...pools.text.map(String).filter((one) => one !== ''))
    const glyph = fc.oneof(
      text.map((one) => one.replace(/[*?\\]/g, '\\$&')),
      fc.constantFrom('*', '?'),
    )
    const pattern = fc.array(glyph, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
    const caseless = () =>
      fc
        .tuple(fc.constantFrom('contains', 'startsWith', 'endsWith', 'like'), pick(folded), text)
        .map(([op, field, value]) => ({ op, field, value: value.replace(/\\/g, ''), fold: true }) as Rule)
        .filter((rule) => 'value' in rule && rule.value !== '')
    const when = (of: readonly unknown[], leaf: () => Arbitrary<Rule>): Arbitrary<Rule>[] => (of.length > 0 ? [leaf()] : [])
    return [
      ...when(every, () =>
        pick(every).chain((field) =>
          fc
            .tuple(fc.constantFrom('eq', 'ne'), fc.oneof({ weight: 4, arbitrary: drawnFor(field) }, fc.constant(null)))
            .map(([op, value]) => ({ op, field, value }) as Rule),
        ),
      ),
      ...when(sortable, () =>
        pick(sortable).chain((field) => fc.tuple(order, drawnFor(field)).map(([op, value]) => ({ op, field, value }) as Rule)),
      ),
      ...when(every, () =>
        pick(every).chain((field) =>
          fc
            .array(fc.oneof({ weight: 5, arbitrary: drawnFor(field) }, fc.constant(null)), { maxLength: 20 })
            .map((values) => ({ op: 'in', field, values }) as Rule),
        ),
      ),
      ...when(sortable, () =>
        pick(sortable).chain((field) =>
          fc.tuple(drawnFor(field), drawnFor(field)).map(([from, to]) => ({ op: 'between', field, from, to }) as Rule),
        ),
      ),
      ...when(texts, () =>
        fc
          .tuple(fc.constantFrom('contains', 'startsWith', 'endsWith'), pick(texts), text)
          .map(([op, field, value]) => ({ op, field, value }) as Rule),
      ),
      ...when(texts, () => fc.tuple(pick(texts), pattern).map(([field, value]) => ({ op: 'like', field, value }) as Rule)),
      ...when(folded, () => caseless()),
      ...when(folded, () => caseless()),
      ...when(dated, () =>
        fc
          .tuple(
            pick(dated),
            fc.oneof(
              window,
              days.map((next): Window => ({ next })),
            ),
          )
          .map(([field, of]): Rule => ({ op: 'within', field, window: of })),
      ),
      ...when(since, () =>
        pick(since).chain((field) =>
          fc.tuple(drawnFor(field), days).map(([value, length]): Rule => ({ op: 'hasBeen', field, value, for: length })),
        ),
      ),
      ...when(regions, () =>
        pick(regions).chain((field) =>
          fc.constantFrom(...Object.keys(columnOf(columns[field]!).regions!)).map((region): Rule => ({ op: 'under', field, region })),
        ),
      ),
      ...when(doubles.slice(1), () =>
        fc
          .record({ lat: fc.constantFrom(-89, 0, 45, 46), lon: fc.constantFrom(-180, 0, 9, 179), km: fc.constantFrom(1, 120, 900, 15_000) })
          .map(({ lat, lon, km }): Rule => ({ op: 'near', latitude: doubles[0]!, longitude: doubles[1]!, to: [lat, lon], km })),
      ),
      ...when(doubles.slice(1), () =>
        fc
          .record({
            south: fc.constantFrom(-90, 0, 44),
            north: fc.constantFrom(1, 46, 90),
            west: fc.constantFrom(-180, 8, 170),
            east: fc.constantFrom(-170, 10, 180),
          })
          .map((box): Rule => ({ op: 'inBox', latitude: doubles[0]!, longitude: doubles[1]!, ...box })),
      ),
    ]
  }
  const logic = (leaf: Arbitrary<Rule>, depth: number): Arbitrary<Rule> => {
    if (depth === 0) return leaf
    const inner = logic(leaf, depth - 1)
    return fc.oneof(
      { weight: 4, arbitrary: leaf },
      { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }).map((of): Rule => ({ op: 'all', of })) },
      { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }).map((of): Rule => ({ op: 'any', of })) },
      { weight: 1, arbitrary: inner.map((of): Rule => ({ op: 'not', of })) },
    )
  }
  const rowRule = (columns: Columns): Arbitrary<Rule> => {
    const of = leaves(columns)
    return of.length === 0 ? fc.constant<Rule>({ op: 'all', of: [] }) : logic(fc.oneof(...of), 1)
  }
  const foldOver = (columns: Columns): Arbitrary<object> => {
    const exact = Object.keys(columns).filter((name) => ['integer', 'decimal'].includes(columnOf(columns[name]!).type))
    const sortable = Object.keys(columns).filter((name) => columnOf(columns[name]!).type !== 'boolean')
    const values = (name: string) => fc.constantFrom(...pools[columnOf(columns[name]!).type])
    const of: Arbitrary<object>[] = [
      fc
        .tuple(fc.constantFrom(...Object.keys(columns)), comparison, fc.nat(3))
        .map(([name, is, value]) => ({ fold: 'distinct', of: name, is, value })),
      fc
        .constantFrom(...sortable)
        .chain((name) =>
          fc.tuple(fc.constantFrom('min', 'max'), comparison, values(name)).map(([fold, is, value]) => ({ fold, of: name, is, value })),
        ),
    ]
    if (exact.length > 0) {
      of.push(
        fc
          .constantFrom(...exact)
          .chain((name) =>
            fc
              .tuple(fc.constantFrom('sum', 'average'), comparison, fc.oneof(values(name), fc.constant(0)))
              .map(([fold, is, value]) => ({ fold, of: name, is, value })),
          ),
      )
    }
    return fc.oneof(...of)
  }
  const entityLeaves = (): Arbitrary<Rule>[] => {
    const own = leaves(source.columns)
    const lists = Object.keys(environment.lists ?? {})
    const segments = Object.keys(environment.segments ?? {}).filter((id) => environment.segments![id]!.source === i.source)
    const ids = [...(environment.lists?.[lists[0] ?? ''] ?? [])]
    own.push(
      fc.record({
        op: fc.constant('sample'),
        share: fc.constantFrom(0, 0.25, 0.5),
        salt: fc.constantFrom('a', 'b'),
        from: fc.constantFrom(0, 0.25, 0.5),
      }) as Arbitrary<Rule>,
    )
    if (lists.length > 0) own.push(fc.constantFrom(...lists).map((list): Rule => ({ op: 'list', list })))
    if (ids.length > 0) own.push(fc.subarray(ids).map((some): Rule => ({ op: 'ids', ids: some })))
    if (segments.length > 0) own.push(fc.constantFrom(...segments).map((segment): Rule => ({ op: 'segment', segment })))
    // folds come in ten kinds, so they are drawn more often than the rest
    if (source.facts)
      own.push(...[1, 2, 3].flatMap(() => eventLeaves(source.facts!.columns).slice(0, 2)), ...eventLeaves(source.facts.columns))
    for (const [relation, of] of Object.entries(source.relations ?? {})) {
      const columns = 'columns' in of ? of.columns : environment.sources[of.source]!.columns
      const where = 'columns' in of ? rowRule(columns) : rules({ ...i, source: of.source, depth: 1 })
      const folded = fc
        .tuple(foldOver(columns), fc.option(where, { nil: undefined }))
        .map(([fold, inner]) => ({ op: 'relatedTotal', relation, ...fold, ...(inner ? { where: inner } : {}) }) as Rule)
      own.push(
        folded,
        folded,
        folded,
        fc
          .tuple(fc.constantFrom('any', 'all', 'none'), where)
          .map(([how, inner]) => ({ op: 'related', relation, how, where: inner }) as Rule),
        fc.tuple(comparison, fc.nat(3)).map(([is, value]) => ({ op: 'relatedTotal', relation, fold: 'count', is, value }) as Rule),
      )
    }
    return own
  }
  const eventLeaves = (columns: Columns): Arbitrary<Rule>[] => {
    const events = fc
      .tuple(fc.constantFrom('order', 'visit', 'call'), fc.option(rowRule(columns), { nil: undefined }))
      .map(([event, where]) => ({ event, ...(where ? { where } : {}) }))
    const maybe = fc.option(window, { nil: undefined }).map((within) => (within ? { within } : {}))
    const rule = (op: string, more: Arbitrary<object>) => fc.tuple(events, more).map(([of, rest]) => ({ op, ...of, ...rest }) as Rule)
    return [
      rule(
        'did',
        fc.tuple(maybe, fc.nat(2), fc.option(fc.nat(3), { nil: undefined })).map(([within, atLeast, atMost]) => ({
          ...within,
          atLeast,
          ...(atMost === undefined ? {} : { atMost: Math.max(atLeast, atMost) }),
        })),
      ),
      rule(
        'total',
        fc.tuple(maybe, foldOver(columns)).map(([within, folded]) => ({ ...within, ...folded })),
      ),
      rule(
        'first',
        window.map((within) => ({ within })),
      ),
      rule(
        'regularly',
        fc.record({
          every: days,
          periods: fc.integer({ min: 2, max: 4 }),
          atLeast: fc.integer({ min: 1, max: 2 }),
          times: fc.integer({ min: 1, max: 2 }),
        }),
      ),
      rule('stopped', fc.record({ quiet: days, active: days })),
      rule('resumed', fc.record({ quiet: days, active: days })),
      fc
        .tuple(
          fc.array(fc.tuple(events, fc.option(days, { nil: undefined }), fc.option(days, { nil: undefined })), {
            minLength: 2,
            maxLength: 3,
          }),
          maybe,
        )
        .map(([steps, within]) => ({
          op: 'sequence',
          ...within,
          steps: steps.map(([of, least, most]) => ({ ...of, ...(most ? { within: most } : least ? { after: least } : {}) })),
        }))
        .map((one) => one as Rule),
    ]
  }
  const leaf = fc.oneof(...entityLeaves())
  const scored = fc
    .tuple(fc.array(fc.tuple(fc.integer({ min: -3, max: 5 }), leaf), { minLength: 1, maxLength: 3 }), fc.integer({ min: -2, max: 6 }))
    .map(([parts, atLeast]): Rule => ({ op: 'score', parts: parts.map(([weight, when]) => ({ weight, when })), atLeast }))
  return logic(fc.oneof({ weight: 20, arbitrary: leaf }, { weight: 1, arbitrary: scored }), i.depth ?? 2)
}
