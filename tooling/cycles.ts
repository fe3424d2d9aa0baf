/** The circles of a graph, each once, as a path that ends where it begins (`a -> b -> a`). Depth first. */
export function cyclesAmong(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = []
  const finished = new Set<string>()
  const visit = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node)
    if (at >= 0) {
      found.push([...path.slice(at), node])
      return
    }
    if (finished.has(node)) return
    for (const next of edges.get(node) ?? []) visit(next, [...path, node])
    finished.add(node)
  }
  for (const node of edges.keys()) visit(node, [])
  return found
}
