import { AXES, type AxisName, type Cell, type ServiceStandard } from './model.ts'

/** One combination of the axes. */
export type Place = { readonly [A in AxisName]: string }

export interface StandardFindings {
  /** Places that more than one cell covers: their sentences would contradict each other. */
  readonly overlapping: readonly (Place & { readonly cells: readonly string[] })[]
  /** Places that no cell covers: nothing is promised there. */
  readonly missing: readonly Place[]
}

/** Names every place of a standard that is covered twice or not at all. */
export function checkStandard(i: { readonly standard: Pick<ServiceStandard, 'axes' | 'cells'> }): StandardFindings {
  const { axes, cells } = i.standard
  const overlapping: (Place & { readonly cells: readonly string[] })[] = []
  const missing: Place[] = []
  for (const touchpoint of axes.touchpoint.values) {
    for (const need of axes.need.values) {
      for (const priority of axes.priority.values) {
        const place = { touchpoint, need, priority }
        const covering = cells.filter((cell) => covers(cell, place)).map(({ id }) => id)
        if (covering.length === 0) missing.push(place)
        if (covering.length > 1) overlapping.push({ ...place, cells: covering })
      }
    }
  }
  return { overlapping, missing }
}

const covers = (cell: Cell, place: Place): boolean => AXES.every((axis) => cell[axis]?.includes(place[axis]) ?? true)
