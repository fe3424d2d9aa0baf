import { badRule } from '../refusals.ts'
import { compileBehaviour, compileFold, type Fact, isEventRule } from './behaviour.ts'
import { bucketOf } from './bucket.ts'
import { type Environment, inOrder } from './environment.ts'
import { at, compileField, isFieldRule, type RowTest, type Values } from './leaf.ts'
import type { Rule, RuleOf } from './model.ts'
import type { Columns, Source } from './source.ts'

/** One customer with all that its rules look at. */
export interface Entity {
  readonly id: string
  readonly values: Values
  readonly facts?: readonly Fact[]
  /** Rows of relations, by relation. */
  readonly related?: { readonly [relation: string]: readonly Values[] }
  /** Customers of other sources, by relation. */
  readonly members?: { readonly [relation: string]: readonly Entity[] }
  /** The lists the customer is on, where each customer's are kept with them; they then count instead of the environment's. */
  readonly lists?: ReadonlySet<string>
}

/** Whether a customer holds a rule at an instant in milliseconds. */
export type EntityTest = (entity: Entity, now: number) => boolean

/** A rule that was checked and compiled: closures only, no code made of texts. */
export interface CompiledRule {
  matches(i: { readonly entity: Entity; readonly now: number }): boolean
  /** The same without an object a call, for loops. */
  readonly test: EntityTest
}

/** Compiles a rule over a source. Unknown columns, wrong types, circles are refused here, with their paths. */
export function compileRule(i: { readonly rule: Rule; readonly source: string; readonly environment: Environment }): CompiledRule {
  const test = compiler(i.environment).rule(i.rule, i.source, '')
  return { test, matches: ({ entity, now }) => test(entity, now) }
}

/** Compiles several rules that share their segments. */
export interface Compiler {
  rule(rule: Rule, source: string, path: string): EntityTest
  segment(segment: string): EntityTest
  /** How often segments inside rules were evaluated; one customer's questions at one instant share an answer. */
  readonly evaluations: () => number
}

export const sourceNamed = (environment: Environment, source: string, path: string): Source => {
  if (Object.hasOwn(environment.sources, source)) return environment.sources[source]!
  throw badRule(path, `there is no source ${JSON.stringify(source)}`, 'Publish it first, or correct the name.')
}

export function compiler(environment: Environment): Compiler {
  const known = new Map<string, EntityTest>()
  // one number a question from outside; answers of segments are kept for as long as it stands
  let epoch = 0
  let evaluations = 0
  inOrder(environment.segments ?? {})

  const segment = (id: string, path: string, source: string | null): EntityTest => {
    const segments = environment.segments ?? {}
    if (!Object.hasOwn(segments, id))
      throw badRule(path, `there is no segment ${JSON.stringify(id)}`, 'Publish it first, or correct the name.')
    const of = segments[id]!
    if (source !== null && of.source !== source) {
      throw badRule(path, `segment ${id} is one of ${of.source}, this rule one of ${source}`, 'Reach it through a relation.')
    }
    const compiled = known.get(id)
    if (compiled) return compiled
    const test = compile(of.where, scopeOf(of.source, ''), '')
    let asked = -1
    let whom: Entity | null = null
    let answer = false
    const once: EntityTest = (entity, now) => {
      if (asked !== epoch || whom !== entity) {
        answer = test(entity, now)
        asked = epoch
        whom = entity
        evaluations++
      }
      return answer
    }
    known.set(id, once)
    return once
  }

  const scopeOf = (source: string, path: string) => ({ id: source, of: sourceNamed(environment, source, path) })

  const compile = (rule: Rule, scope: { readonly id: string; readonly of: Source }, path: string): EntityTest => {
    const { of: source } = scope
    const ofRow = (): EntityTest => {
      const test = compileRow(rule, source.columns, path)
      return (entity, now) => test(entity.values, now)
    }
    if (isFieldRule(rule)) return ofRow()
    if (isRowRule(rule)) return ofRow()
    if (isEventRule(rule)) {
      const { facts } = source
      if (!facts) throw badRule(path, `source ${scope.id} has no events`, 'Declare them under facts.')
      const test = compileBehaviour(rule, facts.columns, path, (where, inner) => (where ? compileRow(where, facts.columns, inner) : null))
      return (entity, now) => test(entity.facts ?? NONE, now)
    }
    switch (rule.op) {
      case 'all':
        return every(rule.of.map((inner, i) => compile(inner, scope, at(path, 'of', i))))
      case 'any':
        return some(rule.of.map((inner, i) => compile(inner, scope, at(path, 'of', i))))
      case 'not': {
        const test = compile(rule.of, scope, at(path, 'of'))
        return (entity, now) => !test(entity, now)
      }
      case 'score': {
        const parts = rule.parts.map(({ weight, when }, i) => ({ weight, test: compile(when, scope, at(path, 'parts', i, 'when')) }))
        return (entity, now) => {
          let sum = 0
          for (const { weight, test } of parts) if (test(entity, now)) sum += weight
          return sum >= rule.atLeast
        }
      }
      case 'segment':
        return segment(rule.segment, at(path, 'segment'), scope.id)
      case 'list': {
        const ids = listNamed(environment, rule.list, at(path, 'list'))
        return (entity) => (entity.lists ? entity.lists.has(rule.list) : ids.has(entity.id))
      }
      case 'ids': {
        const ids = new Set(rule.ids)
        return (entity) => ids.has(entity.id)
      }
      case 'sample': {
        const { from, to } = sampleBounds(rule, path)
        return (entity) => {
          const bucket = bucketOf(rule.salt, entity.id)
          return bucket >= from && bucket < to
        }
      }
      case 'related':
      case 'relatedTotal':
        return compileRelated(rule, scope, path)
    }
  }

  const compileRelated = (
    rule: RuleOf<'related' | 'relatedTotal'>,
    scope: { readonly id: string; readonly of: Source },
    path: string,
  ): EntityTest => {
    const { relation } = rule
    const of = relationNamed(scope.of, relation, scope.id, at(path, 'relation'))
    if ('columns' in of) {
      const test = rule.where ? compileRow(rule.where, of.columns, at(path, 'where')) : null
      const rows = (entity: Entity) => under(entity.related, relation)
      if (rule.op === 'related') return quantified<Values>(rule.how, rows, test!)
      const folded = compileFold(rule, of.columns, path)
      return (entity, now) => folded(test ? rows(entity).filter((row) => test(row, now)) : rows(entity))
    }
    const inner = scopeOf(of.source, at(path, 'relation'))
    const test = rule.where ? compile(rule.where, inner, at(path, 'where')) : null
    const members = (entity: Entity) => under(entity.members, relation)
    if (rule.op === 'related') return quantified<Entity>(rule.how, members, test!)
    const folded = compileFold(rule, inner.of.columns, path)
    return (entity, now) => folded((test ? members(entity).filter((one) => test(one, now)) : members(entity)).map(({ values }) => values))
  }

  const outside =
    (test: EntityTest): EntityTest =>
    (entity, now) => {
      epoch++
      return test(entity, now)
    }

  return {
    rule: (rule, source, path) => outside(compile(rule, scopeOf(source, path), path)),
    segment: (id) => outside(segment(id, '', null)),
    evaluations: () => evaluations,
  }
}

const NONE: readonly never[] = []

/** What stands under a relation. A relation may have any name, also that of something inherited. */
export const under = <T>(all: { readonly [relation: string]: readonly T[] } | undefined, relation: string): readonly T[] =>
  all && Object.hasOwn(all, relation) ? all[relation]! : NONE

function quantified<T>(
  how: 'any' | 'all' | 'none',
  of: (entity: Entity) => readonly T[],
  test: (one: T, now: number) => boolean,
): EntityTest {
  if (how === 'all') return (entity, now) => of(entity).every((one) => test(one, now))
  const wanted = how === 'any'
  return (entity, now) => of(entity).some((one) => test(one, now)) === wanted
}

/** Conditions on the customer's own columns only: compiled as one, without a step to the row for each. */
const isRowRule = (rule: Rule): boolean =>
  isFieldRule(rule) || (rule.op === 'not' ? isRowRule(rule.of) : (rule.op === 'all' || rule.op === 'any') && rule.of.every(isRowRule))

type Test<T> = (of: T, now: number) => boolean

/** `and` without an array to walk for the commonest lengths. */
function every<T>(tests: readonly Test<T>[]): Test<T> {
  const [a, b, c, d] = tests
  if (tests.length === 1) return a!
  if (tests.length === 2) return (of, now) => a!(of, now) && b!(of, now)
  if (tests.length === 3) return (of, now) => a!(of, now) && b!(of, now) && c!(of, now)
  if (tests.length === 4) return (of, now) => a!(of, now) && b!(of, now) && c!(of, now) && d!(of, now)
  return (of, now) => {
    for (const test of tests) if (!test(of, now)) return false
    return true
  }
}

function some<T>(tests: readonly Test<T>[]): Test<T> {
  const [a, b, c] = tests
  if (tests.length === 1) return a!
  if (tests.length === 2) return (of, now) => a!(of, now) || b!(of, now)
  if (tests.length === 3) return (of, now) => a!(of, now) || b!(of, now) || c!(of, now)
  return (of, now) => {
    for (const test of tests) if (test(of, now)) return true
    return false
  }
}

/** Compiles what the properties of an event or a related row have to be: conditions on that row alone. */
export function compileRow(rule: Rule, columns: Columns, path: string): RowTest {
  if (isFieldRule(rule)) return compileField(rule, columns, path)
  switch (rule.op) {
    case 'all':
      return every(rule.of.map((inner, i) => compileRow(inner, columns, at(path, 'of', i))))
    case 'any':
      return some(rule.of.map((inner, i) => compileRow(inner, columns, at(path, 'of', i))))
    case 'not': {
      const test = compileRow(rule.of, columns, at(path, 'of'))
      return (values, now) => !test(values, now)
    }
    default:
      throw badRule(path, `${rule.op} asks about a customer, and this is about one row`, 'Use conditions on the row’s own columns here.')
  }
}

export function listNamed(environment: Environment, list: string, path: string): ReadonlySet<string> {
  if (environment.lists && Object.hasOwn(environment.lists, list)) return environment.lists[list]!
  throw badRule(path, `there is no list ${JSON.stringify(list)}`, 'Publish it first, or correct the name.')
}

export function relationNamed(source: Source, relation: string, id: string, path: string) {
  if (source.relations && Object.hasOwn(source.relations, relation)) return source.relations[relation]!
  const known = Object.keys(source.relations ?? {}).join(', ')
  throw badRule(
    path,
    `source ${id} has no relation ${JSON.stringify(relation)}`,
    known ? `Name one of: ${known}.` : 'Declare it under relations.',
  )
}

export function sampleBounds(rule: RuleOf<'sample'>, path: string): { readonly from: number; readonly to: number } {
  const { from = 0, share } = rule
  if (from + share > 1 + 1e-12)
    throw badRule(path, `from ${from} a share of ${share} goes beyond everybody`, 'Keep from + share at most 1.')
  return { from: Math.round(from * 2 ** 32), to: Math.round((from + share) * 2 ** 32) }
}
