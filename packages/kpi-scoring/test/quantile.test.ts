import { memoryStorage } from '@patronkit/core'
import type { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { Exact } from '../src/exact.ts'
import {
  createKpi,
  defineMetric,
  defineScorecard,
  type Metric,
  measure,
  measureBy,
  metricGraph,
  type QuantileFold,
  readMeasurements,
  render,
  rollUpMetrics,
  type UnitNode,
} from '../src/index.ts'
import { mergeSketches, type Sketch, sketchOf, valueAtPlace } from '../src/metrics/sketch.ts'

/** Decimals of all sizes, with both signs, zeros, and the bounds of buckets themselves. */
const digits = fc
  .tuple(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), fc.integer({ min: 0, max: 20 }))
  .map(([n, scale]) => new Exact(n.toString()).div(new Exact(10).pow(scale)))
const bound = fc
  .tuple(fc.constantFrom(1, 1.02, 1.98, 2, 2.04, 4.98, 5, 5.1, 9.9, 10, -2, -5), fc.integer({ min: -17, max: 18 }))
  .map(([n, power]) => new Exact(n).times(new Exact(10).pow(power)))
const decimals = fc.oneof(digits, bound, fc.constant(new Exact(0)))
const errors = fc.constantFrom('0.0001', '0.001', '0.01', '0.02', '0.03', '0.05', '0.1', '0.2')

describe('a sketch', () => {
  test('is off by at most its error, at every place', () => {
    fc.assert(
      fc.property(fc.array(decimals, { minLength: 1, maxLength: 60 }), errors, (values, error) => {
        const sketch = sketchOf(values, new Exact(error))
        const sorted = [...values].sort((a, b) => a.cmp(b))
        sorted.forEach((value, at) => {
          const off = valueAtPlace(sketch, at + 1)
            .minus(value)
            .abs()
          expect(off.lte(value.abs().times(error)), `${value} within ${error}`).toBe(true)
        })
      }),
      runs(4_000, 'kpi: sketches held against their bound at every place'),
    )
  })

  test('is the same however values are dealt out, and in whatever order parts are put together', () => {
    const plain = ({ buckets }: Sketch) => Object.fromEntries(buckets)
    fc.assert(
      fc.property(fc.array(fc.tuple(decimals, fc.nat(4))), errors, fc.array(fc.nat(4), { maxLength: 5 }), (dealt, error, order) => {
        const of = (values: Iterable<Decimal>) => sketchOf(values, new Exact(error))
        const parts = [0, 1, 2, 3, 4].map((part) => of(dealt.filter(([, to]) => to === part).map(([value]) => value)))
        const sequence = [...new Set([...order, 0, 1, 2, 3, 4])]
        const left = sequence.map((at) => parts[at]!).reduce(mergeSketches)
        const right = sequence.map((at) => parts[at]!).reduceRight((all, part) => mergeSketches(part, all))
        const whole = plain(of(dealt.map(([value]) => value)))
        expect(plain(left)).toEqual(whole)
        expect(plain(right)).toEqual(whole)
      }),
      runs(4_000, 'kpi: sketches put together in any order'),
    )
  })

  test('stays small: values from a millisecond to eighteen hours take under 1,424 buckets at one per cent', () => {
    const values = function* () {
      for (let n = 0; n < 20_000; n++) yield new Exact(1.0009 ** n).toDecimalPlaces(3)
    }
    expect(sketchOf(values(), new Exact('0.01')).buckets.size).toBeLessThan(178 * 8)
  })
})

const p = (id: string, fold: QuantileFold, more: object = {}): Metric => ({
  id,
  unit: 'hours',
  kind: 'simple',
  value: 'reply',
  fold,
  ...more,
})
const rowsOf = (values: readonly (string | number)[], of = 'north') =>
  values.map((value, n) => ({ id: `${of}${n}`, at: '2026-11-23T10:00:00Z', name: 'reply', value, unit: of, dimensions: { team: of } }))
const asked = { calendar: { zone: 'UTC' }, period: '2026-Q4' }

describe('quantiles as metrics', () => {
  test.each([
    ['0.5', [1, 2, 3, 4], '2'],
    ['0.51', [1, 2, 3, 4], '3'],
    ['0.95', Array.from({ length: 20 }, (_, n) => n + 1), '19'],
    ['0.05', Array.from({ length: 20 }, (_, n) => n + 1), '1'],
    ['1', [5, 3], '5'],
    ['0.000001', [5, 3], '3'],
  ])('%s of %j is the value that so many do not exceed: %s', (quantile, values, expected) => {
    const graph = metricGraph({ metrics: [p('reply', { quantile })] })
    expect(measure({ graph, measurements: readMeasurements({ rows: rowsOf(values) }), ...asked, metric: 'reply' })).toEqual({
      value: expected,
      unit: 'hours',
    })
  })

  test('of nothing is undefined, exact or sketched, and 0 only where that was asked for', () => {
    const metrics = [
      p('exact', { quantile: '0.9' }),
      p('near', { quantile: '0.9', error: '0.01' }),
      p('zero', { quantile: '0.9', error: '0.01' }, { ifEmpty: 'zero' }),
    ]
    const graph = metricGraph({ metrics })
    const value = (metric: string) => measure({ graph, measurements: new Map(), ...asked, metric })
    expect(value('exact')).toEqual({ value: null, unit: 'hours', reason: { code: 'no-data', metric: 'exact' } })
    expect(value('near')).toEqual({ value: null, unit: 'hours', reason: { code: 'no-data', metric: 'near' } })
    expect(value('zero').value).toBe('0')
  })

  test('a roll-up refuses the exact one and puts the sketched one together, to the same digits as from all rows', () => {
    const tree: UnitNode = { id: 'all', of: [{ id: 'north' }, { id: 'south' }] }
    fc.assert(
      fc.property(
        fc.array(decimals.map(String), { minLength: 1 }),
        fc.array(decimals.map(String)),
        fc.constantFrom('0.5', '0.9', '1'),
        (north, south, quantile) => {
          const graph = metricGraph({ metrics: [p('near', { quantile, error: '0.02' })] })
          const rows = [...rowsOf(north), ...rowsOf(south, 'south')]
          const [all] = rollUpMetrics({ graph, tree, rows })
          expect(all!.metrics.near).toEqual(measure({ graph, measurements: readMeasurements({ rows }), ...asked, metric: 'near' }))
          const exact = metricGraph({ metrics: [p('exact', { quantile })] })
          const truth = new Exact(measure({ graph: exact, measurements: readMeasurements({ rows }), ...asked, metric: 'exact' }).value!)
          expect(truth.minus(all!.metrics.near!.value!).abs().lte(truth.abs().times('0.02'))).toBe(true)
          expect(() => rollUpMetrics({ graph: exact, tree, rows })).toThrow(
            expect.objectContaining({ code: 'kpi/not-additive', details: { metric: 'exact', fold: `quantile ${quantile}` } }),
          )
        },
      ),
      runs(1_000, 'kpi: sketched quantiles rolled up'),
    )
  })

  test('everything that rests on a sketch says by how much that can be off', () => {
    const graph = metricGraph({
      metrics: [
        p('p95', { quantile: '0.95', error: '0.01' }),
        p('p50', { quantile: '0.5' }),
        { id: 'spread', unit: 'share', kind: 'ratio', numerator: 'p95', denominator: 'p50' },
        { id: 'twice', unit: 'share', kind: 'derived', formula: { add: [{ metric: 'spread' }, { metric: 'spread' }] } },
      ],
    })
    const measurements = readMeasurements({ rows: rowsOf([1, 2, 4]) })
    const of = (metric: string) => measure({ graph, measurements, ...asked, metric }).approximate
    const off = [{ metric: 'p95', error: '0.01' }]
    expect([of('p95'), of('p50'), of('spread'), of('twice')]).toEqual([off, undefined, off, off])
    expect(measureBy({ graph, measurements, ...asked, metric: 'p95', by: 'team' })).toEqual([
      { group: 'north', value: '4.02', unit: 'hours', approximate: off },
    ])
  })

  test('a score explains it, in English and 中文', async () => {
    const reply = defineMetric(p('p90-reply', { quantile: '0.9', error: '0.01' }))
    const card = defineScorecard({
      id: 'desk',
      aggregate: 'arithmetic',
      measures: { speed: { metric: reply.id, weight: '1', normalise: { kind: 'goalposts', worst: '10', best: '0' } } },
    })
    const kpi = createKpi({ storage: memoryStorage() }).for({ tenant: 'acme', by: { type: 'system', id: 'nightly' } })
    for (const definition of [reply, card]) await kpi.publish({ definition })
    const measurements = rowsOf([1, 2, 4]).map(({ id, at, name, value }) => ({ id, at, name, value }))
    await kpi.record({ subject: 'north', measurements })
    const explained = await kpi.explain({ scorecard: card.id, subject: 'north', period: '2026-Q4' })
    expect(explained.lines[0]!.text).toBe('speed: 4.02 (p90-reply is off by at most 1 %) counts 0.598, times 1 is 0.598')
    expect(render(explained, { locale: 'zh-CN' }).lines[0]!.text).toContain('（p90-reply 误差不超过 1 %）')
  })

  test.each([
    [{ quantile: '0' }, 'fold.quantile'],
    [{ quantile: 0.5 } as never, 'quantile'],
    [null as never, 'fold'],
    ['p95' as never, 'fold'],
    [{ quantile: '1.01' }, 'fold.quantile'],
    [{ quantile: '0.1234567' }, 'fold.quantile'],
    [{ quantile: '0.5', error: '0' }, 'fold.error'],
    [{ quantile: '0.5', error: '0.00001' }, 'fold.error'],
    [{ quantile: '0.5', error: '0.5' }, 'fold.error'],
  ])('%j is refused at %s, also when it is published', async (fold, path) => {
    const refused = expect.objectContaining({ code: 'core/invalid-input', message: expect.stringContaining(path) })
    expect(() => metricGraph({ metrics: [p('odd', fold)] })).toThrow(refused)
    expect(() => defineMetric(p('odd', fold))).toThrow(refused)
    const kpi = createKpi({ storage: memoryStorage() }).for({ tenant: 'acme', by: { type: 'system', id: 'nightly' } })
    const { kind, id } = defineMetric(p('odd', { quantile: '0.5' }))
    await expect(kpi.publish({ definition: { kind, id, hash: 'h', body: p('odd', fold) } as never })).rejects.toThrow()
  })
})
