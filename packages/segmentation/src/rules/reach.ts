import { relationNamed, sourceNamed } from './compile.ts'
import type { Environment } from './environment.ts'
import type { Rule } from './model.ts'
import { innerRules } from './schema.ts'

/** Relations that lead to other customers, and from those on to others in turn. */
export interface Reach extends ReadonlyMap<string, Reach> {}

/** Whom a rule looks at. */
export function reachOf(rule: Rule, source: string, environment: Environment): Reach {
  const found = new Map<string, Reach>()
  const visit = (of: Rule): void => {
    if (of.op === 'segment') visit(environment.segments![of.segment]!.where)
    else if (of.op === 'related' || of.op === 'relatedTotal') {
      const is = relationNamed(sourceNamed(environment, source, ''), of.relation, source, '')
      if ('columns' in is) return
      const inner: Reach = of.where ? reachOf(of.where, is.source, environment) : new Map()
      found.set(of.relation, both(found.get(of.relation), inner))
    } else if (of.op === 'all' || of.op === 'any' || of.op === 'not' || of.op === 'score') innerRules(of).forEach(visit)
  }
  visit(rule)
  return found
}

const both = (a: Reach | undefined, b: Reach): Reach =>
  a ? new Map([...a, ...[...b].map(([relation, inner]) => [relation, both(a.get(relation), inner)] as const)]) : b

/** Whoever can be looked at; a way that comes round to where it has been ends there. */
export function fullReach(source: string, environment: Environment, way: readonly string[] = []): Reach {
  if (way.includes(source)) return new Map()
  const relations = Object.entries(sourceNamed(environment, source, '').relations ?? {})
  return new Map(
    relations.flatMap(([relation, of]) =>
      'columns' in of ? [] : [[relation, fullReach(of.source, environment, [...way, source])] as const],
    ),
  )
}
