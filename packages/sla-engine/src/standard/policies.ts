import { all, field, type Pred } from '@patronkit/core'
import { defineSlaPolicy } from '../define.ts'
import type { Policy, SlaPolicy, Target } from '../policy.ts'
import {
  AXES,
  type Cell,
  type QualityPromise,
  type Sentence,
  type ServiceStandard,
  type ServiceStandardDefinition,
  type TimePromise,
} from './model.ts'

/** The metric of a promise about time where it names none. */
const USUAL = { response: 'first-reply', resolution: 'resolution' } as const

type Kind = keyof typeof USUAL

/** A cell's promises about time, by metric. */
function promisesOf(cell: Cell): readonly { readonly kind: Kind; readonly metric: string; readonly promise: TimePromise }[] {
  return (['response', 'resolution'] as const).flatMap((kind) => {
    const promise = cell[kind]
    return promise ? [{ kind, metric: promise.metric ?? USUAL[kind], promise }] : []
  })
}

/** The items a cell is for. */
const whenOf = (standard: ServiceStandard, cell: Cell): Pred =>
  all(...AXES.flatMap((axis) => (cell[axis] ? [field(standard.axes[axis].attribute).in(cell[axis])] : [])))

/** The policy of a cell; null where it promises nothing about time. */
export function policyOf(standard: ServiceStandard, cell: Cell, n: number): Policy | null {
  const promises = promisesOf(cell)
  if (promises.length === 0) return null
  const targets: { [metric: string]: Target } = {}
  for (const { metric, promise } of promises)
    targets[metric] = { within: promise.within, ...(promise.warnAt ? { warnAt: promise.warnAt } : {}) }
  return { ...standard.terms, ...cell.terms, when: whenOf(standard, cell), order: (standard.order ?? 100) + n, targets }
}

const policyId = (standard: { readonly id: string }, cell: Cell): string => `${standard.id}.${cell.id}`

/**
 * The policies of a standard, one for each cell that promises something about time. Their ids stay the same from edition to edition,
 * so publishing a new edition's policies makes new versions of the old ones.
 */
export const policiesOf = (i: { readonly standard: ServiceStandardDefinition }): readonly SlaPolicy[] =>
  i.standard.body.cells.flatMap((cell, n) => {
    const policy = policyOf(i.standard.body, cell, n)
    return policy ? [defineSlaPolicy({ id: policyId(i.standard, cell), ...policy })] : []
  })

/** The sentence behind a policy's metric. */
export interface TracedSentence extends Sentence {
  readonly standard: string
  readonly edition: string
  readonly cell: string
  readonly promise: 'response' | 'resolution'
  readonly within: TimePromise['within']
}

/**
 * The sentence that a clock of this policy and metric keeps or breaks, as `sla.breached` names them; null where the standard has no
 * such policy or the policy no such metric.
 */
export function sentenceOf(i: {
  readonly standard: ServiceStandardDefinition
  readonly policy: { readonly id: string }
  readonly metric: string
}): TracedSentence | null {
  const { standard, policy, metric } = i
  const cell = standard.body.cells.find((one) => policyId(standard, one) === policy.id)
  const found = cell && promisesOf(cell).find((one) => one.metric === metric)
  if (!cell || !found) return null
  const { promise, kind } = found
  return {
    ...textOf(standard, promise.sentence),
    standard: standard.id,
    edition: standard.body.edition,
    cell: cell.id,
    promise: kind,
    within: promise.within,
  }
}

/** A quality target of a cell, with the items that it is measured over. */
export interface QualityTarget {
  readonly cell: string
  readonly when: Pred
  readonly metric: string
  readonly atLeast: string | null
  readonly atMost: string | null
  readonly sentence: Sentence
}

/** The quality targets of a standard, as data for scoring. */
export const qualityTargetsOf = (i: { readonly standard: ServiceStandardDefinition }): readonly QualityTarget[] =>
  i.standard.body.cells.flatMap((cell) => (cell.quality ?? []).map((promise) => qualityTarget(i.standard, cell, promise)))

const qualityTarget = (standard: ServiceStandardDefinition, cell: Cell, promise: QualityPromise): QualityTarget => ({
  cell: cell.id,
  when: whenOf(standard.body, cell),
  metric: promise.metric,
  atLeast: promise.atLeast ?? null,
  atMost: promise.atMost ?? null,
  sentence: textOf(standard, promise.sentence),
})

/** A definition is checked, so each sentence that is named is there. */
const textOf = (standard: ServiceStandardDefinition, id: string): Sentence =>
  standard.body.sentences.find((sentence) => sentence.id === id)!
