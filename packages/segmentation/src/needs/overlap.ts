/** How segments share their members. */
export interface Overlap {
  /** Each pair once, as first named first. `jaccard` is 1 where both are empty: equal sets. */
  readonly pairs: readonly {
    readonly a: string
    readonly b: string
    readonly both: number
    readonly either: number
    readonly jaccard: number
  }[]
  /** Exactly these segments and no other: how many members, the largest first. */
  readonly exactly: readonly { readonly segments: readonly string[]; readonly members: number }[]
}

/** Counts who is in which segments at once: a Jaccard index for each pair, and the bars of an UpSet plot (Lex et al. 2014). */
export function overlap(i: { readonly segments: { readonly [segment: string]: Iterable<string> } }): Overlap {
  const names = Object.keys(i.segments)
  const sets = names.map((name) => new Set(i.segments[name]))
  const of = new Map<string, number[]>()
  for (const [at, set] of sets.entries()) {
    for (const id of set) {
      const known = of.get(id)
      if (known) known.push(at)
      else of.set(id, [at])
    }
  }
  const both = names.map(() => names.map(() => 0))
  const exactly = new Map<string, { segments: readonly string[]; members: number }>()
  for (const places of of.values()) {
    for (const [k, a] of places.entries()) for (const b of places.slice(k + 1)) both[a]![b]!++
    const key = places.join(',')
    const known = exactly.get(key)
    if (known) known.members++
    else exactly.set(key, { segments: places.map((place) => names[place]!), members: 1 })
  }
  const pairs = names.flatMap((a, k) =>
    names.slice(k + 1).map((b, rest) => {
      const shared = both[k]![k + 1 + rest]!
      const either = sets[k]!.size + sets[k + 1 + rest]!.size - shared
      return { a, b, both: shared, either, jaccard: either === 0 ? 1 : shared / either }
    }),
  )
  return { pairs, exactly: [...exactly.values()].sort((a, b) => b.members - a.members) }
}
