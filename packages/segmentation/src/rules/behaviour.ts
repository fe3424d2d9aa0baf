import { badRule, badValue } from '../refusals.ts'
import { at, columnNamed, compares, getter, order, ordered, type RowTest, type Values, valueFor } from './leaf.ts'
import type { Comparison, Events, Fold, RuleOf } from './model.ts'
import type { Columns, SourceColumn } from './source.ts'
import { type Compared, minorUnits } from './values.ts'
import { EVER, lengthMs, stretches } from './window.ts'

/** Something a customer did. */
export interface Fact {
  readonly type: string
  /** A date, or milliseconds since 1970. */
  readonly at: Date | number
  readonly values?: Values
}

/** Whether a history holds a rule at an instant. What lies behind that instant has not happened yet. */
export type HistoryTest = (facts: readonly Fact[], now: number) => boolean

export type EventRule = RuleOf<'did' | 'total' | 'first' | 'regularly' | 'stopped' | 'resumed' | 'sequence'>

const EVENT_OPS = new Set(['did', 'total', 'first', 'regularly', 'stopped', 'resumed', 'sequence'])
export const isEventRule = (rule: { readonly op: string }): rule is EventRule => EVENT_OPS.has(rule.op)

const NOTHING: Values = {}
export const msOf = (fact: Fact): number => (typeof fact.at === 'number' ? fact.at : fact.at.getTime())

/** Compiles a rule over events. `rowTest` compiles what the events' own properties have to be. */
export function compileBehaviour(
  rule: EventRule,
  columns: Columns,
  path: string,
  rowTest: (where: Events['where'], path: string) => RowTest | null,
): HistoryTest {
  const selector = (of: Events, where: string) => {
    const holds = rowTest(of.where, at(where, 'where'))
    return (fact: Fact, now: number) => fact.type === of.event && (!holds || holds(fact.values ?? NOTHING, now))
  }
  switch (rule.op) {
    case 'did': {
      const { atLeast = 1, atMost = Number.POSITIVE_INFINITY } = rule
      if (atLeast > atMost) throw badRule(path, `at least ${atLeast} and at most ${atMost} is never`, 'Correct the two.')
      const selected = selector(rule, path)
      const stretch = stretches(rule.within ?? EVER)
      return (facts, now) => {
        const { from, to } = stretch(now)
        let count = 0
        for (const fact of facts) {
          const ms = msOf(fact)
          if (ms >= from && ms < to && ms <= now && selected(fact, now)) count++
        }
        return count >= atLeast && count <= atMost
      }
    }
    case 'total': {
      const selected = selector(rule, path)
      const stretch = stretches(rule.within ?? EVER)
      const folded = compileFold(rule, columns, path)
      return (facts, now) => {
        const { from, to } = stretch(now)
        const within = facts.filter((fact) => {
          const ms = msOf(fact)
          return ms >= from && ms < to && ms <= now && selected(fact, now)
        })
        return folded(within.map((fact) => fact.values ?? NOTHING))
      }
    }
    case 'first': {
      const selected = selector(rule, path)
      const stretch = stretches(rule.within)
      return (facts, now) => {
        let first = Number.POSITIVE_INFINITY
        for (const fact of facts) if (msOf(fact) <= now && msOf(fact) < first && selected(fact, now)) first = msOf(fact)
        const { from, to } = stretch(now)
        return first >= from && first < to
      }
    }
    case 'regularly': {
      if (rule.atLeast > rule.periods)
        throw badRule(at(path, 'atLeast'), `is more than the ${rule.periods} periods`, 'Ask for at most all of them.')
      const selected = selector(rule, path)
      const width = lengthMs(rule.every)
      const { periods, atLeast, times = 1 } = rule
      return (facts, now) => {
        const counts = new Map<number, number>()
        for (const fact of facts) {
          const back = Math.floor((now - msOf(fact)) / width)
          if (back >= 0 && back < periods && selected(fact, now)) counts.set(back, (counts.get(back) ?? 0) + 1)
        }
        let held = 0
        for (const count of counts.values()) if (count >= times) held++
        return held >= atLeast
      }
    }
    case 'stopped':
    case 'resumed':
      return compileBreak(rule, selector(rule, path))
    case 'sequence':
      return compileSequence(
        rule,
        rule.steps.map((step, i) => selector(step, at(path, 'steps', i))),
      )
  }
}

function compileBreak(rule: RuleOf<'stopped' | 'resumed'>, selected: (fact: Fact, now: number) => boolean): HistoryTest {
  const quiet = lengthMs(rule.quiet)
  const active = lengthMs(rule.active)
  const [near, far] = rule.op === 'stopped' ? [quiet, quiet + active] : [active, active + quiet]
  return (facts, now) => {
    let recent = false
    let middle = false
    let before = false
    for (const fact of facts) {
      const age = now - msOf(fact)
      if (age < 0 || !selected(fact, now)) continue
      if (age < near) recent = true
      else if (age < far) middle = true
      else before = true
    }
    return rule.op === 'stopped' ? middle && !recent : recent && !middle && before
  }
}

function compileSequence(rule: RuleOf<'sequence'>, selected: readonly ((fact: Fact, now: number) => boolean)[]): HistoryTest {
  const stretch = stretches(rule.within ?? EVER)
  const gaps = rule.steps.map(({ after, within }) => ({
    least: after ? lengthMs(after) : 1,
    most: within ? lengthMs(within) : Number.POSITIVE_INFINITY,
  }))
  return (facts, now) => {
    const { from, to } = stretch(now)
    const known = facts.filter((fact) => msOf(fact) >= from && msOf(fact) < to && msOf(fact) <= now)
    // every instant at which a step can have come; the earliest alone would miss gaps that a later one keeps
    let ends = known.filter((fact) => selected[0]!(fact, now)).map(msOf)
    for (let step = 1; step < selected.length && ends.length > 0; step++) {
      const { least, most } = gaps[step]!
      ends = known
        .filter((fact) => selected[step]!(fact, now))
        .map(msOf)
        .filter((ms) => ends.some((end) => ms > end && ms - end >= least && ms - end <= most))
    }
    return ends.length > 0
  }
}

/** What may be folded how: sums and averages of whole numbers and decimals only, because those of doubles depend on the order. */
export function foldColumn(fold: Fold, name: string, columns: Columns, path: string): SourceColumn {
  const column = columnNamed(columns, name, path)
  if ((fold === 'sum' || fold === 'average') && column.type !== 'integer' && column.type !== 'decimal') {
    throw badRule(path, `a ${fold} of ${name}, which is ${column.type}, is not exact`, 'Declare it as integer or decimal.')
  }
  if (fold === 'min' || fold === 'max') ordered(column, name, path)
  return column
}

/** The value a fold is compared with: averages in hundredths of the smallest unit. */
export function foldValue(
  rule: { readonly fold: Fold | 'count'; readonly value: number | string; readonly of?: string },
  column: SourceColumn | null,
  path: string,
): string | number {
  if (rule.fold === 'count' || rule.fold === 'distinct') {
    if (Number.isSafeInteger(rule.value)) return rule.value as number
    throw badRule(path, `${JSON.stringify(rule.value)} is no count`, 'Give a whole number.')
  }
  if (rule.fold !== 'average') return valueFor(rule.value, column!, rule.of ?? '', path) as string | number
  const hundredths = minorUnits(rule.value, (column!.type === 'decimal' ? (column!.scale ?? 2) : 0) + 2)
  if (hundredths !== null) return hundredths
  throw badRule(path, `${JSON.stringify(rule.value)} has more than two digits beyond those of ${rule.of}`, 'Round it.')
}

export interface FoldRule {
  readonly fold: Fold | 'count'
  readonly of?: string
  readonly is: Comparison
  readonly value: number | string
}

/** Compiles a fold over rows, compared with a value. */
export function compileFold(rule: FoldRule, columns: Columns, path: string): (rows: readonly Values[]) => boolean {
  const holds = compares(rule.is)
  if (rule.fold === 'count') {
    const wanted = foldValue(rule, null, at(path, 'value')) as number
    return (rows) => holds(rows.length - wanted)
  }
  if (rule.of === undefined) throw badRule(path, `a ${rule.fold} needs a column`, 'Name it under of.')
  const { fold, of: name } = rule
  const column = foldColumn(fold, name, columns, at(path, 'of'))
  const wanted = foldValue(rule, column, at(path, 'value'))
  const present = presentIn(name, column)
  switch (fold) {
    case 'distinct':
      return (rows) => holds(new Set(present(rows)).size - (wanted as number))
    case 'sum':
      return (rows) => holds(sumOf(present(rows) as number[], name) - (wanted as number))
    case 'average':
      return (rows) => {
        const found = present(rows) as number[]
        if (found.length === 0) return false
        // whole numbers beyond 2^53: both sides times the count, instead of a quotient that is rounded
        const left = BigInt(sumOf(found, name)) * 100n
        const right = BigInt(wanted) * BigInt(found.length)
        return holds(left < right ? -1 : left > right ? 1 : 0)
      }
    case 'min':
    case 'max': {
      return (rows) => {
        const found = present(rows)
        if (found.length === 0) return false
        return holds(order(outermost(fold, found), wanted))
      }
    }
  }
}

/** The values of a column that are there. */
export function presentIn(name: string, column: SourceColumn): (rows: readonly Values[]) => readonly Exclude<Compared, null>[] {
  const get = getter(name, column)
  return (rows) => rows.map(get).filter((value): value is Exclude<Compared, null> => value !== null)
}

/** The least or the most of values, of which there is at least one. */
export function outermost(fold: 'min' | 'max', values: readonly Exclude<Compared, null>[]): Exclude<Compared, null> {
  const sign = fold === 'min' ? 1 : -1
  return values.reduce((best, value) => (order(value, best) * sign < 0 ? value : best))
}

export function sumOf(values: readonly number[], name: string): number {
  let sum = 0
  for (const value of values) sum += value
  if (!Number.isSafeInteger(sum)) throw badValue(name, sum, 'a sum within ±(2^53 − 1) of its smallest unit')
  return sum
}
