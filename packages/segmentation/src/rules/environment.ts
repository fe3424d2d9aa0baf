import { cycle } from '../refusals.ts'
import type { Rule } from './model.ts'
import { innerRules } from './schema.ts'
import type { Source } from './source.ts'

/** Who belongs to a segment of a source. */
export interface SegmentRule {
  readonly source: string
  readonly where: Rule
}

/** All that a rule may name. */
export interface Environment {
  readonly sources: { readonly [source: string]: Source }
  readonly segments?: { readonly [segment: string]: SegmentRule }
  readonly lists?: { readonly [list: string]: ReadonlySet<string> }
}

/** The segments a rule names, also deep inside. */
export function segmentsIn(rule: Rule): readonly string[] {
  const own = rule.op === 'segment' ? [rule.segment] : []
  return [...new Set([...own, ...innerRules(rule).flatMap(segmentsIn)])]
}

/** Segments so that each comes behind those it names. A circle is refused with the way round. */
export function inOrder(segments: { readonly [segment: string]: SegmentRule }): readonly string[] {
  const done = new Set<string>()
  const visit = (segment: string, way: readonly string[]): void => {
    if (done.has(segment)) return
    if (way.includes(segment)) throw cycle([...way.slice(way.indexOf(segment)), segment])
    if (!Object.hasOwn(segments, segment)) return
    for (const inner of segmentsIn(segments[segment]!.where)) visit(inner, [...way, segment])
    done.add(segment)
  }
  for (const segment of Object.keys(segments)) visit(segment, [])
  return [...done]
}
