import { describe, expect, test } from 'vitest'
import { rowsOf } from '../../../tooling/shared-data.ts'
import { type CompositeIndex, compositeIndex, explainIndex, type IndexNode, type IndexUnit, leaveOneOut } from '../src/score.ts'

const data = rowsOf('asem/ASEM_iData.csv')
const meta = rowsOf('asem/ASEM_iMeta.csv')

const number = (text: string | undefined): number | null => (text === undefined || text === '' || text === 'NA' ? null : Number(text))

function treeOf(rows: Record<string, string>[]): IndexNode {
  const node = (row: Record<string, string>): IndexNode => {
    const inner = rows.filter((other) => other.Parent === row.iCode)
    const weight = Number(row.Weight)
    if (inner.length > 0) return { id: row.iCode!, weight, of: inner.map(node) }
    return {
      id: row.iCode!,
      weight,
      direction: Number(row.Direction) < 0 ? 'cost' : 'benefit',
      ...(row.Denominator ? { per: row.Denominator } : {}),
    }
  }
  return node(rows.find((row) => row.iCode === 'Index')!)
}

const unitsOf = (rows: Record<string, string>[]): IndexUnit[] =>
  rows.map((row) => ({
    id: row.uCode!,
    group: row.EurAsia_group!,
    values: Object.fromEntries(
      Object.entries(row).flatMap(([name, text]) => (/^(u|.*_group$|Time)/.test(name) ? [] : [[name, number(text)]])),
    ),
  }))

const build = (): CompositeIndex =>
  compositeIndex({ tree: treeOf(meta!), units: unitsOf(data!), recipe: { impute: 'group-mean', screen: 0.9, treat: {} } })

describe.skipIf(!data || !meta)("COINr's ASEM example", () => {
  const index = data && meta ? build() : undefined
  const of = (id: string) => index!.units.find((unit) => unit.id === id)!
  const printed = (value: number | null | undefined) => value?.toFixed(2)

  test('51 units, 49 indicators, eight pillars, none screened out', () => {
    expect([index!.units.length, index!.basis.tree.measures.length, index!.basis.tree.ids.length, index!.screenedOut]).toEqual([
      51,
      49,
      60,
      [],
    ])
  })

  test('Switzerland, its sub-indexes and its pillars, to the printed digits', () => {
    const { scores } = of('CHE')
    expect(
      Object.fromEntries(
        ['Index', 'Conn', 'Sust', 'Physical', 'ConEcFin', 'Political', 'Instit', 'P2P', 'Environ', 'Social', 'SusEcFin'].map((id) => [
          id,
          printed(scores[id]),
        ]),
      ),
    ).toEqual({
      Index: '68.38',
      Conn: '62.79',
      Sust: '73.98',
      Physical: '63.41',
      ConEcFin: '32.87',
      Political: '74.78',
      Instit: '85.94',
      P2P: '56.93',
      Environ: '77.21',
      Social: '87.85',
      SusEcFin: '56.88',
    })
  })

  test.each([
    ['CHE', '68.38', 1],
    ['NLD', '64.82', 2],
    ['DNK', '64.80', 3],
    ['NOR', '64.47', 4],
    ['BEL', '63.54', 5],
    ['SWE', '63.00', 6],
    ['IND', '39.79', 45],
  ])('%s scores %s and stands at place %i', (id, value, place) => {
    expect([printed(of(id).value), of(id).rank]).toEqual([value, place])
  })

  test('the same points of the same fifteen indicators are pulled in, and none needs a logarithm', () => {
    expect(Object.fromEntries(index!.treated.map(({ measure, points }) => [measure, points.length]))).toEqual({
      Flights: 1,
      Bord: 3,
      Gas: 3,
      Services: 4,
      FDI: 2,
      ForPort: 3,
      CostImpEx: 1,
      Tariff: 3,
      StMob: 2,
      CultServ: 3,
      Forest: 2,
      Poverty: 3,
      NGOs: 3,
      FemLab: 1,
      PubDebt: 1,
    })
    expect(index!.treated.filter(({ how }) => how !== 'winsorised')).toEqual([])
  })

  test('without denominators, filling and treatment the scores are those computed apart', () => {
    const strip = (node: IndexNode): IndexNode => {
      const { per: _, ...rest } = node
      return node.of ? { ...rest, of: node.of.map(strip) } : rest
    }
    const plain = compositeIndex({ tree: strip(treeOf(meta!)), units: unitsOf(data!) })
    const value = (id: string) => plain.units.find((unit) => unit.id === id)!.value!
    for (const [id, expected] of Object.entries({ DEU: 75.227805, GBR: 68.936338, FRA: 65.918139, CHE: 62.605877, NLD: 61.243821 })) {
      expect(value(id)).toBeCloseTo(expected, 6)
    }
  })

  test('leaving out one pillar moves the ranks as far as the vignette prints', () => {
    const pillars = ['Physical', 'ConEcFin', 'Political', 'Instit', 'P2P', 'Environ', 'Social', 'SusEcFin']
    const shifts = leaveOneOut({ index: index!, parts: pillars }).map(({ without, meanRankShift }) => [without, meanRankShift.toFixed(6)])
    expect(Object.fromEntries(shifts)).toEqual({
      Physical: '1.529412',
      ConEcFin: '2.627451',
      Political: '2.901961',
      Instit: '1.176471',
      P2P: '1.686275',
      Environ: '3.098039',
      Social: '3.960784',
      SusEcFin: '2.627451',
    })
  })

  test('every unit comes apart into points that sum to its score', () => {
    for (const unit of index!.units) {
      const sum = explainIndex({ index: index!, unit: unit.id }).reduce((total, { points }) => total + points, 0)
      expect(Math.abs(sum - unit.value!)).toBeLessThan(1e-12 * 100)
    }
  })
})
