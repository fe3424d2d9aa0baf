import { type Money, minorDigits } from '@patronkit/core'
import { amountOf, Exact } from '../exact.ts'
import { duplicateId, tooDeep, wrong } from '../refusals.ts'
import { splitMoney } from './split.ts'

/** A unit of the organisation with its weight among its siblings. */
export interface TargetNode {
  readonly id: string
  readonly weight?: string | number
  readonly of?: readonly TargetNode[]
  /** Of a unit without parts: its own target, for rolling up. */
  readonly target?: Money
}

const DEEPEST = 100

/** Every unit's target, parents before their parts. */
export type Targets = readonly { readonly id: string; readonly parent: string | null; readonly target: Money }[]

/**
 * Shares a target out down the organisation; at every level the parts sum to their parent to the cent.
 *
 * @example
 * ```ts
 * import { rollDown } from '@patronkit/kpi-scoring'
 *
 * rollDown({ target: { amount: '1000000.00', currency: 'EUR' }, tree: { id: 'all', of: [{ id: 'north', weight: 3 }, { id: 'south', weight: 4 }] } })
 * ```
 */
export function rollDown(i: { readonly target: Money; readonly tree: TargetNode }): Targets {
  const out: { id: string; parent: string | null; target: Money }[] = []
  const seen = new Set<string>()
  const visit = (node: TargetNode, parent: string | null, target: Money, level: number): void => {
    enter(node, seen, level)
    out.push({ id: node.id, parent, target })
    if (!node.of || node.of.length === 0) return
    const parts = splitMoney({ total: target, by: node.of.map(({ id, weight = 1 }) => ({ id, weight })) })
    node.of.forEach((part, at) => {
      visit(part, node.id, parts[at]!.money, level + 1)
    })
  }
  amountOf(i.target, 'target')
  visit(i.tree, null, i.target, 1)
  return out
}

/** Adds targets up the organisation from the units that have no parts. All stand in one currency. */
export function rollUp(i: { readonly tree: TargetNode; readonly currency: string }): Targets {
  const digits = minorDigits(i.currency)
  const seen = new Set<string>()
  const visit = (
    node: TargetNode,
    parent: string | null,
    level: number,
  ): { sum: Exact; rows: { id: string; parent: string | null; target: Money }[] } => {
    enter(node, seen, level)
    const inner = (node.of ?? []).map((part) => visit(part, node.id, level + 1))
    if (inner.length > 0 && node.target)
      throw wrong(`tree.${node.id}.target`, 'stands above parts that have targets', 'Give targets to the units without parts only.')
    const own = node.target ? amountOf(node.target, `tree.${node.id}.target`, i.currency) : new Exact(0)
    const sum = inner.reduce((total, part) => total.plus(part.sum), own)
    const rows = [{ id: node.id, parent, target: { amount: sum.toFixed(digits), currency: i.currency } }]
    for (const part of inner) for (const row of part.rows) rows.push(row as (typeof rows)[number])
    return { sum, rows }
  }
  return visit(i.tree, null, 1).rows
}

function enter(node: TargetNode, seen: Set<string>, level: number): void {
  if (level > DEEPEST) throw tooDeep('tree', DEEPEST)
  if (seen.has(node.id)) throw duplicateId(node.id, 'tree')
  seen.add(node.id)
}
