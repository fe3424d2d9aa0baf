import { compareAll, type DimensionValue } from './dimension.ts'

/** A table whose cells are found by the values of its dimensions, and made when they are first asked for. */
export interface Cells<C> {
  at(values: readonly DimensionValue[]): C
  /** Every cell that was asked for, in the order of the values. */
  all(): readonly (readonly [readonly DimensionValue[], C])[]
}

type Branch<C> = Map<DimensionValue, Branch<C> | C>

/** One map a dimension: a value is its own key, so nothing is written out as text on the way to a cell. */
export function cellsOf<C>(make: () => C): Cells<C> {
  const root: Branch<C> = new Map()
  const made: (readonly [readonly DimensionValue[], C])[] = []

  function at(values: readonly DimensionValue[]): C {
    let branch = root
    const last = values.length - 1
    for (let i = 0; i < last; i++) {
      let next = branch.get(values[i]!) as Branch<C> | undefined
      if (!next) {
        next = new Map()
        branch.set(values[i]!, next)
      }
      branch = next
    }
    const key = last < 0 ? null : values[last]!
    let cell = branch.get(key) as C | undefined
    if (cell === undefined) {
      cell = make()
      branch.set(key, cell)
      made.push([[...values], cell])
    }
    return cell
  }

  return { at, all: () => made.toSorted(([a], [b]) => compareAll(a, b)) }
}
