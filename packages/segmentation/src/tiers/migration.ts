/** How many customers went from each tier to each other between two periods. */
export interface MigrationMatrix {
  readonly tiers: readonly string[]
  /** Rows are the tiers before, columns those after; both in the order of `tiers`. */
  readonly counts: readonly (readonly number[])[]
  /** The same as shares of the row; a row of nobody is all 0. */
  readonly shares: readonly (readonly number[])[]
  /** Customers of the later period only, by their tier. */
  readonly entered: readonly number[]
  /** Customers of the earlier period only, by their tier. */
  readonly left: readonly number[]
}

/** Compares the tiers of two periods. A row's counts and those who left add up to the tier before. */
export function migrationMatrix(i: {
  readonly before: ReadonlyMap<string, string>
  readonly after: ReadonlyMap<string, string>
  /** The order of tiers; those not named follow as they come. */
  readonly tiers?: readonly string[]
}): MigrationMatrix {
  const tiers = [...new Set([...(i.tiers ?? []), ...i.before.values(), ...i.after.values()])]
  const place = new Map(tiers.map((tier, at) => [tier, at]))
  const zeros = () => tiers.map(() => 0)
  const counts = tiers.map(zeros)
  const [entered, left] = [zeros(), zeros()]
  for (const [customer, tier] of i.before) {
    const to = i.after.get(customer)
    if (to === undefined) left[place.get(tier)!]!++
    else counts[place.get(tier)!]![place.get(to)!]!++
  }
  for (const [customer, tier] of i.after) if (!i.before.has(customer)) entered[place.get(tier)!]!++
  const shares = counts.map((row) => {
    const sum = row.reduce((all, count) => all + count, 0)
    return row.map((count) => (sum === 0 ? 0 : count / sum))
  })
  return { tiers, counts, shares, entered, left }
}
