import { mean, median } from 'simple-statistics'

/** What stands in for a missing value: the mean or median of all, or of the units of the same group where that has any. */
export type Imputation = 'mean' | 'median' | 'group-mean' | 'group-median'

/** Fills what is missing in one measure. Places that were filled are named; where nothing is known, nothing is filled. */
export function impute(i: {
  readonly values: readonly (number | null)[]
  readonly by: Imputation
  readonly groups?: readonly (string | undefined)[]
}): { readonly values: readonly (number | null)[]; readonly filled: readonly number[] } {
  const middle = i.by.endsWith('median') ? median : mean
  const all: number[] = []
  const byGroup = new Map<string | undefined, number[]>()
  i.values.forEach((value, at) => {
    if (value === null) return
    all.push(value)
    const group = i.groups?.[at]
    const mine = byGroup.get(group)
    if (mine) mine.push(value)
    else byGroup.set(group, [value])
  })
  const stand = new Map<string | undefined, number>()
  const standIn = (group: string | undefined): number => {
    const values = (i.by.startsWith('group') && byGroup.get(group)) || all
    const found = stand.get(group) ?? middle(values)
    stand.set(group, found)
    return found
  }
  const filled: number[] = []
  if (all.length === 0) return { values: i.values, filled }
  const values = i.values.map((value, at) => {
    if (value !== null) return value
    filled.push(at)
    return standIn(i.groups?.[at])
  })
  return { values, filled }
}
