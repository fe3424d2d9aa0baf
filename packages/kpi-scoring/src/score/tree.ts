import { distinct, notNegative } from '../checks.ts'
import { duplicateId, tooDeep, wrong } from '../refusals.ts'
import type { Direction } from './normalise.ts'

/** A node of an index: a group with its parts, or a measure. */
export interface IndexNode {
  readonly id: string
  /** Among the parts of the same group; 1 where it is left out. */
  readonly weight?: number
  readonly of?: readonly IndexNode[]
  /** Of a measure: whether more is better. */
  readonly direction?: Direction
  /** Of a measure: the value that it is divided by first, such as `population`. */
  readonly per?: string
}

/** The tree laid out in a list, parts before their group; the root is the last. */
export interface Tree {
  readonly ids: readonly string[]
  readonly measures: readonly { readonly id: string; readonly direction: Direction; readonly per: string | undefined }[]
  /** Of each node: its parts by place, or null for a measure, which is then the next of `measures`. */
  readonly parts: readonly (readonly number[] | null)[]
  readonly measureAt: readonly number[]
  readonly weights: readonly number[]
  /** 1 for the root. */
  readonly levels: readonly number[]
}

const DEEPEST = 100

/** Checks a tree and lays it out. */
export function layOut(root: IndexNode): Tree {
  const ids: string[] = []
  const measures: { id: string; direction: Direction; per: string | undefined }[] = []
  const parts: (readonly number[] | null)[] = []
  const measureAt: number[] = []
  const weights: number[] = []
  const levels: number[] = []
  const seen = new Set<string>()
  const visit = (node: IndexNode, level: number): number => {
    if (level > DEEPEST) throw tooDeep('tree', DEEPEST)
    // found before its parts are: one object in two places would else be walked twice, and so would all below it
    if (seen.has(node.id)) throw duplicateId(node.id, 'tree')
    seen.add(node.id)
    const inner = node.of?.map((part) => visit(part, level + 1)) ?? null
    if (inner && inner.length === 0)
      throw wrong(`tree.${node.id}.of`, 'is empty', 'Give the group parts, or leave `of` out to make it a measure.')
    if (!inner) measures.push({ id: node.id, direction: node.direction ?? 'benefit', per: node.per })
    ids.push(node.id)
    parts.push(inner)
    measureAt.push(inner ? -1 : measures.length - 1)
    weights.push(notNegative(node.weight ?? 1, `tree.${node.id}.weight`))
    levels.push(level)
    return ids.length - 1
  }
  visit(root, 1)
  distinct(ids, 'tree')
  return { ids, measures, parts, measureAt, weights, levels }
}
