import { finite, listOf, notNegative } from '../checks.ts'
import { duplicateId, tooDeep, wrong } from '../refusals.ts'

/** A result that is measured from where it starts to where it should get. */
export interface KeyResult {
  readonly id: string
  readonly start: number
  readonly target: number
  /** Null where nothing was measured yet: it has got nowhere. */
  readonly current: number | null
  readonly weight?: number
}

/** An objective with its results, and the objectives that stand under it. */
export interface Objective {
  readonly id: string
  readonly weight?: number
  readonly results?: readonly KeyResult[]
  readonly of?: readonly Objective[]
}

/** How far an objective, or a result, has got. */
export interface Progress {
  readonly id: string
  readonly parent: string | null
  /** 0 to 1. */
  readonly progress: number
  /** Share of the parent; all shares of one parent sum to 1. */
  readonly share: number
  /** progress × share: what it gives to the parent. */
  readonly points: number
}

const DEEPEST = 100

/**
 * Progress of objectives by weight, never by the plain mean of unequal things. A result over its target counts 1, one behind its start 0.
 *
 * @example
 * ```ts
 * import { objectiveProgress } from '@patronkit/kpi-scoring'
 *
 * objectiveProgress({ objective: { id: 'grow', results: [{ id: 'new', start: 0, target: 100, current: 40, weight: 3 }, { id: 'churn', start: 9, target: 5, current: 7 }] } })
 * ```
 */
export function objectiveProgress(i: { readonly objective: Objective }): readonly Progress[] {
  const rows: Progress[] = []
  const seen = new Set<string>()
  const enter = (id: string): void => {
    if (seen.has(id)) throw duplicateId(id, 'objective')
    seen.add(id)
  }
  const visit = (objective: Objective, parent: string | null, share: number, level: number): number => {
    if (level > DEEPEST) throw tooDeep('objective', DEEPEST)
    enter(objective.id)
    const parts = [...listOf(objective.results ?? [], 'results', 0), ...listOf(objective.of ?? [], 'of', 0)] as (KeyResult | Objective)[]
    if (parts.length === 0) throw wrong(`objective.${objective.id}`, 'has neither results nor objectives', 'Give it at least one.')
    const total = parts.reduce((sum, part) => sum + notNegative(part.weight ?? 1, `${part.id}.weight`), 0)
    if (!(total > 0)) throw wrong(`objective.${objective.id}`, 'has parts of weight 0 only', 'Give at least one a weight above 0.')
    const at = rows.length
    rows.push({ id: objective.id, parent, progress: 0, share, points: 0 })
    const progress = parts.reduce((sum, part) => {
      const mine = (part.weight ?? 1) / total
      if (!('target' in part)) return sum + mine * visit(part, objective.id, mine, level + 1)
      enter(part.id)
      const done = doneOf(part)
      rows.push({ id: part.id, parent: objective.id, progress: done, share: mine, points: done * mine })
      return sum + mine * done
    }, 0)
    rows[at] = { id: objective.id, parent, progress, share, points: progress * share }
    return progress
  }
  visit(i.objective, null, 1, 1)
  return rows
}

function doneOf({ id, start, target, current }: KeyResult): number {
  const way = finite(target, `${id}.target`) - finite(start, `${id}.start`)
  if (way === 0) throw wrong(`${id}.target`, `is ${target} like its start`, 'Give a target that differs.')
  if (current === null) return 0
  return Math.min(1, Math.max(0, (finite(current, `${id}.current`) - start) / way))
}
