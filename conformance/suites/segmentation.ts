import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Functions, Suite } from '../runner.ts'

type Api = typeof import('../../packages/segmentation/src/index.ts')
type BgNbd = Parameters<Api['bgNbdAlive']>[0]['model']
type ParetoNbd = Parameters<Api['paretoNbdAlive']>[0]['model']
type GammaGamma = Parameters<Api['gammaGammaExpectedSpend']>[0]['model']
type LocalDate = Parameters<Api['rfmFigures']>[0]['analysisDate']

interface History {
  readonly frequency: number
  readonly recency: number
  readonly age: number
}

interface Scored {
  readonly dataset: string
  readonly analysisDate: LocalDate
  readonly bins: number
  readonly compat: 'r-rfm'
}

function functions(api: Api): Functions {
  const text = (dataset: string, { folder }: Context) => readFileSync(join(folder, '../data', dataset), 'utf8')
  const rows = (dataset: string, context: Context) =>
    text(dataset, context)
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split(',').map(Number))
  const histories = (dataset: string, context: Context) =>
    rows(dataset, context).map(([, frequency = 0, recency = 0, age = 0]) => ({ frequency, recency, age }))
  const fitted = (dataset: string, context: Context) => api.fitBgNbd({ histories: histories(dataset, context), unit: 'week' })
  const scored = ({ dataset, analysisDate, bins, compat }: Scored, context: Context) => {
    const orders = text(dataset, context)
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => {
        const [, customer = '', date = '', amount = ''] = /^(.*),([^,]*),([^,]*)$/.exec(line) ?? []
        return { customer: customer.replace(/^"(.*)"$/, '$1'), date: date as LocalDate, amount }
      })
    return api.rfm({ customers: api.rfmFigures({ orders, analysisDate }), bins, compat })
  }
  return {
    'bgnbd.fit': (input: { dataset: string }, context) => {
      const { r, alpha, a, b, logLikelihood } = fitted(input.dataset, context)
      return { r, alpha, a, b, LL: logLikelihood }
    },
    'bgnbd.expectedPurchases': (input: { params: BgNbd; horizon: number } & History) =>
      api.bgNbdExpectedPurchases({ ...input, model: input.params }),
    'bgnbd.probabilityAlive': (input: { params: BgNbd } & History) => api.bgNbdAlive({ ...input, model: input.params }),
    'bgnbd.expectedPurchasesNew': (input: { params: BgNbd; horizon: number }) =>
      api.bgNbdExpectedPurchasesNew({ ...input, model: input.params }),
    'bgnbd.probabilityOfPurchases': (input: { params: BgNbd; horizon: number; count: number }) =>
      api.bgNbdProbabilityOfPurchases({ ...input, model: input.params }),
    'bgnbd.sumExpectedPurchases': (input: { dataset: string; params?: BgNbd; horizon: number }, context) => {
      const expected = api.bgNbdPredictor({ model: input.params ?? fitted(input.dataset, context), horizon: input.horizon })
      return histories(input.dataset, context).reduce((sum, { frequency, recency, age }) => sum + expected(frequency, recency, age), 0)
    },
    'gammaGamma.fit': (input: { dataset: string }, context) => {
      const spends = rows(input.dataset, context).map(([, frequency = 0, , , meanSpend = 0]) => ({ frequency, meanSpend }))
      const { p, q, v, logLikelihood } = api.fitGammaGamma({ spends })
      return { p, q, v, LL: logLikelihood }
    },
    'gammaGamma.expectedSpend': (input: { params: GammaGamma; frequency: number; meanSpend: number }) =>
      api.gammaGammaExpectedSpend({ ...input, model: input.params }),
    'paretoNbd.expectedPurchasesNew': (input: { params: ParetoNbd; horizon: number }) =>
      api.paretoNbdExpectedPurchasesNew({ ...input, model: input.params }),
    'paretoNbd.expectedPurchases': (input: { params: ParetoNbd; horizon: number } & History) =>
      api.paretoNbdExpectedPurchases({ ...input, model: input.params }),
    'paretoNbd.probabilityAlive': (input: { params: ParetoNbd } & History) => api.paretoNbdAlive({ ...input, model: input.params }),
    psi: (input: { expectedShares: number[]; actualShares: number[]; emptyBin?: { floor: number } }) =>
      api.psi({
        expected: input.expectedShares,
        actual: input.actualShares,
        ...(input.emptyBin ? { emptyBin: input.emptyBin } : {}),
      }).psi,
    naturalBreaks: (input: { values: number[]; classes: number }) => api.naturalBreaks(input),
    rfmSummary: (input: { dataset: string; until: LocalDate; unit: 'day' | 'week' }, context) => {
      const purchases = text(input.dataset, context)
        .trim()
        .split(/\r?\n/)
        .map((line) => {
          const [customer = '', , day = '', , amount = ''] = line.trim().split(/\s+/)
          return { customer, date: day.replace(/^(....)(..)(..)$/, '$1-$2-$3') as LocalDate, amount }
        })
      const found = api.purchaseHistories({ purchases, until: input.until, unit: input.unit })
      return {
        customers: found.length,
        repeaters: found.filter(({ frequency }) => frequency > 0).length,
        sumFrequency: found.reduce((sum, { frequency }) => sum + frequency, 0),
      }
    },
    rfmScore: (input: Scored & { customer: string }, context) =>
      scored(input, context).customers.find(({ customer }) => customer === input.customer),
    rfmSegments: (input: Scored, context) => scored(input, context).counts,
  }
}

/** Values, tiers and needs of customers. */
export const segmentation: Suite = {
  name: 'segmentation',
  open: async (load) => functions(await load<Api>('segmentation')),
}
