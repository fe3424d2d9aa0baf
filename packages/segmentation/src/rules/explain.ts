import { actualOf } from './actual.ts'
import { compiler, type Entity } from './compile.ts'
import type { Environment } from './environment.ts'
import { at } from './leaf.ts'
import type { Rule } from './model.ts'
import { type NearestFlip, nearestFlip } from './nearest.ts'

/** One part of a rule and what became of it. */
export interface RuleResult {
  readonly op: Rule['op']
  /** Where it stands in the rule, such as `of.1`; a segment inside begins anew. */
  readonly path: string
  readonly passed: boolean
  /**
   * What was found: a column's value, how many events or related rows hold, what they fold to, when something was done first or last, the
   * weight reached. Null where it is missing or does not fit in one value.
   */
  readonly actual: unknown
  /** What was asked for: the rule's own words without its inner rules. */
  readonly needed: { readonly [word: string]: unknown }
  readonly children: readonly RuleResult[]
}

export interface RuleExplanation {
  readonly matched: boolean
  readonly rules: RuleResult
  /** The smallest change of columns that flips the answer; null where changing columns alone does not. */
  readonly nearest: NearestFlip | null
}

/** Why a customer is in or out, part by part, and what would have to be otherwise. */
export function explainRule(i: {
  readonly rule: Rule
  readonly source: string
  readonly environment: Environment
  readonly entity: Entity
  readonly now: number
}): RuleExplanation {
  const rules = explainPart(i.rule, '', i)
  return { matched: rules.passed, rules, nearest: nearestFlip(i) }
}

type Asked = Parameters<typeof explainRule>[0]

function explainPart(rule: Rule, path: string, i: Asked): RuleResult {
  const passed = compiler(i.environment).rule(rule, i.source, path)(i.entity, i.now)
  const children = childrenOf(rule, path, i)
  return { op: rule.op, path, passed, actual: foundOf(rule, children, i), needed: wordsOf(rule), children }
}

function childrenOf(rule: Rule, path: string, i: Asked): readonly RuleResult[] {
  switch (rule.op) {
    case 'all':
    case 'any':
      return rule.of.map((inner, n) => explainPart(inner, at(path, 'of', n), i))
    case 'not':
      return [explainPart(rule.of, at(path, 'of'), i)]
    case 'score':
      return rule.parts.map(({ when }, n) => explainPart(when, at(path, 'parts', n, 'when'), i))
    case 'segment':
      return [explainPart(i.environment.segments![rule.segment]!.where, '', i)]
    default:
      return []
  }
}

const INNER = new Set(['op', 'of', 'where', 'parts', 'when'])

const wordsOf = (rule: Rule): { readonly [word: string]: unknown } =>
  Object.fromEntries(Object.entries(rule).filter(([word, value]) => !INNER.has(word) || (word === 'of' && typeof value === 'string')))

/** What was found of a part, or how much of a weight was reached. */
const foundOf = (rule: Rule, children: readonly RuleResult[], i: Asked): unknown =>
  rule.op === 'score' ? rule.parts.reduce((sum, { weight }, n) => sum + (children[n]!.passed ? weight : 0), 0) : actualOf(rule, i)

/** What one part of a rule keeps and drops among customers. */
export interface PartCount {
  readonly op: Rule['op']
  readonly path: string
  /** Of those who came to it. */
  readonly came: number
  readonly kept: number
  readonly dropped: number
  /** Where only a sample was asked: between what the numbers are for everybody. */
  readonly bounds?: { readonly [K in 'came' | 'kept' | 'dropped']: { readonly low: number; readonly high: number } }
  readonly children: readonly PartCount[]
}

/**
 * What each part of a rule keeps and drops over a population. The parts of `all` are passed one after the other, so what each drops
 * is what it alone takes away behind those before it; the parts of `any` are each asked about everybody who came.
 */
export function explainPopulation(i: {
  readonly rule: Rule
  readonly source: string
  readonly environment: Environment
  readonly entities: readonly Entity[]
  readonly now: number
}): PartCount {
  const part = (rule: Rule, path: string, came: readonly Entity[]): { readonly count: PartCount; readonly kept: readonly Entity[] } => {
    const test = compiler(i.environment).rule(rule, i.source, path)
    const kept = came.filter((entity) => test(entity, i.now))
    const children: PartCount[] = []
    let left = came
    for (const [inner, where] of partsOf(rule, path)) {
      const found = part(inner, where, left)
      children.push(found.count)
      if (rule.op === 'all') left = found.kept
    }
    return { count: { op: rule.op, path, came: came.length, kept: kept.length, dropped: came.length - kept.length, children }, kept }
  }
  return part(i.rule, '', i.entities).count
}

function partsOf(rule: Rule, path: string): readonly (readonly [Rule, string])[] {
  if (rule.op === 'all' || rule.op === 'any') return rule.of.map((inner, n) => [inner, at(path, 'of', n)] as const)
  if (rule.op === 'not') return [[rule.of, at(path, 'of')]]
  return rule.op === 'score' ? rule.parts.map(({ when }, n) => [when, at(path, 'parts', n, 'when')] as const) : []
}

/** Two counts of the same rule over different customers. */
export const together = (a: PartCount, b: PartCount): PartCount => ({
  ...a,
  came: a.came + b.came,
  kept: a.kept + b.kept,
  dropped: a.dropped + b.dropped,
  children: a.children.map((child, n) => together(child, b.children[n]!)),
})
