import type { Scalar } from '@patronkit/core'
import { holds, type Pred, valueAt } from '@patronkit/core/service'
import type { Row } from './measurements.ts'

type Dimensions = { readonly [name: string]: Scalar }

/**
 * Whether a measurement holds a condition, which can ask about its value, its subject, and its dimensions by name. Values are compared
 * with numbers digit by digit, as the engines do it.
 */
export function holdsFor(pred: Pred, row: Row, dimensions: Dimensions): boolean {
  switch (pred.op) {
    case 'all':
      return pred.of.every((inner) => holdsFor(inner, row, dimensions))
    case 'any':
      return pred.of.some((inner) => holdsFor(inner, row, dimensions))
    case 'not':
      return !holdsFor(pred.of, row, dimensions)
    default:
      if (pred.field !== 'value') return holds(pred, (path) => (path === 'subject' ? row.subject : valueAt(dimensions, path)))
      if (pred.op === 'in') return pred.values.some((value) => typeof value === 'number' && row.value.eq(value))
      // a text or a truth is another thing than every number
      return typeof pred.value === 'number' ? compared(pred.op, row.value.cmp(pred.value)) : pred.op === 'ne'
  }
}

function compared(op: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte', order: number): boolean {
  switch (op) {
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'lt':
      return order < 0
    case 'lte':
      return order <= 0
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
  }
}
