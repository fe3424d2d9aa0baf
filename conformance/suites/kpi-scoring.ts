import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Functions, Suite } from '../runner.ts'

type Api = typeof import('../../packages/kpi-scoring/src/index.ts')

interface Plan {
  readonly mode: 'marginal' | 'retroactive'
  readonly edge: 'included' | 'excluded'
  readonly quota: number
  readonly tiers: readonly { readonly upTo: number | null; readonly rate: number }[]
}

/** A measurement file of control charts: subgroups of one column, of which the first so many set the limits. */
interface Measured {
  readonly dataset: string
  readonly subgroup: string
  readonly phaseOne: number
  readonly chart: 'xbar-r' | 'xbar-s'
  readonly constants: 'exact' | 'table'
}

type Normalisation<T extends string> = T | 'minmax'
const spelled = <T extends string>(name: Normalisation<T>): T | 'min-max' => (name === 'minmax' ? 'min-max' : name)

function functions(api: Api): Functions {
  const chartOf = (input: Measured, { folder }: Context, rules: 'western-electric' | 'nelson' = 'western-electric') =>
    api.controlChart({
      chart: input.chart,
      subgroups: subgroupsOf(join(folder, '../data', input.dataset), input.subgroup),
      phaseOne: input.phaseOne,
      constants: input.constants,
      rules,
    })

  return {
    ahp: (input: { judgements: number[][]; randomIndex: number }) => api.ahp(input),
    criticWeights: (input: { matrix: number[][] }) => api.criticWeights(input),
    entropyWeights: (input: { matrix: number[][] }) => api.entropyWeights(input),
    stdWeights: (input: { matrix: number[][]; normalization: Normalisation<'none' | 'max' | 'sum'> }) =>
      api.deviationWeights({ matrix: input.matrix, normalisation: spelled(input.normalization) }),
    topsis: (input: {
      matrix: number[][]
      weights: number[]
      directions: ('cost' | 'benefit')[]
      normalization: Normalisation<'vector'>
    }) => api.topsis({ ...input, normalisation: spelled(input.normalization) }),
    npsInterval: (input: Parameters<Api['npsInterval']>[0]) => api.npsInterval(input),
    proportionInterval: (input: Parameters<Api['proportionInterval']>[0]) => api.proportionInterval(input),
    inequality: (input: { values: number[] }) => api.inequality(input),
    rank: (input: { values: number[]; order: 'ascending' | 'descending' }) =>
      Object.fromEntries((['competition', 'dense', 'modified', 'fractional'] as const).map((ties) => [ties, api.rank({ ...input, ties })])),
    rankCorrelation: (input: { x: number[]; y: number[] }) => api.rankCorrelation(input),
    payout: ({ plan, credited }: { plan: Plan; credited: number }) =>
      api.payout({
        plan: {
          currency: 'EUR',
          mode: plan.mode,
          edge: plan.edge,
          quota: String(plan.quota),
          tiers: plan.tiers.map(({ upTo, rate }) => ({ upTo: upTo === null ? null : String(upTo), rate: String(rate) })),
        },
        credited,
      }).amount,
    draw: (input: { recoverable: number; earned: number[] }) => api.draw(input),
    pacing: (input: { target: number; periodUnits: number; elapsedUnits: number; actual: number }) => api.pace(input),
    ratioRollup: (input: { groups: { numerator: number; denominator: number }[] }) => api.rollUpRatio(input),
    ratioChange: (input: Parameters<Api['explainRatioChange']>[0]) => {
      const { rate, mix, change } = api.explainRatioChange(input)
      return { rateEffect: rate, mixEffect: mix, total: change }
    },
    attainment: (input: { target: number; achieved: number }) => api.attainment(input),
    splitCredit: (input: Parameters<Api['creditOf']>[0]) => api.creditOf(input),
    controlConstants: (input: { n: number }) => api.controlConstants(input),
    controlLimits: (input: Parameters<Api['controlLimits']>[0]) => api.controlLimits(input),
    runRules: (input: Measured & { rules: 'western-electric' | 'nelson' }, context) => chartOf(input, context, input.rules).signals,
    cusum: (input: Measured & { k: number; h: number }, context) => {
      const { upper, signals } = api.cusum({ z: chartOf(input, context).points.map(({ z }) => z), k: input.k, h: input.h })
      return { upper, upperFirstSix: upper.slice(0, 6), signals: signals.upper, signalsLower: signals.lower }
    },
    ewma: (input: Measured & { lambda: number }, context) => {
      const { limits, points } = chartOf(input, context)
      const drawn = api.ewma({
        values: points.map(({ value }) => value),
        centre: limits.centre,
        sigma: limits.pointSigma,
        lambda: input.lambda,
      })
      const at = (number: number) => drawn[number - 1] && [drawn[number - 1]!.lower, drawn[number - 1]!.upper]
      return { first: at(1), second: at(2), twentyFifth: at(25) }
    },
  }
}

/** The measurements of a table, grouped by a column; the other numeric column is the first that is not it. */
function subgroupsOf(file: string, subgroup: string): number[][] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  const names = head.split(',')
  const by = names.indexOf(subgroup)
  const value = names.findIndex((_, at) => at !== by)
  const groups = new Map<string, number[]>()
  for (const line of lines) {
    const cells = line.split(',')
    const mine = groups.get(cells[by]!) ?? []
    mine.push(Number(cells[value]))
    groups.set(cells[by]!, mine)
  }
  return [...groups.values()]
}

export const kpiScoring: Suite = {
  name: 'kpi-scoring',
  open: async (load) => functions(await load<Api>('kpi-scoring')),
}
