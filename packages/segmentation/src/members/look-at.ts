import { DAY } from '@patronkit/core/service'
import { type Fact, isEventRule, msOf } from '../rules/behaviour.ts'
import { type Entity, sourceNamed, under } from '../rules/compile.ts'
import type { Environment } from '../rules/environment.ts'
import { getter, type Values } from '../rules/leaf.ts'
import type { Rule, Window } from '../rules/model.ts'
import { innerRules } from '../rules/schema.ts'
import { type Columns, columnOf } from '../rules/source.ts'
import { EVER, lengthMs, stretchAt } from '../rules/window.ts'

/**
 * The next instant at which time alone can change a rule's answer about this customer: where something enters or leaves a window.
 * Before it the answer stands for as long as nothing else happens; null where time changes nothing any more.
 */
export function lookAtNext(i: {
  readonly rule: Rule
  readonly source: string
  readonly environment: Environment
  readonly entity: Entity
  readonly now: number
}): number | null {
  const { environment, now } = i
  let next = Number.POSITIVE_INFINITY
  const at = (ms: number) => {
    if (ms > now && ms < next) next = ms
  }
  const through = (window: Window, moments: Iterable<number>) => {
    if ('calendar' in window) at(stretchAt({ ...window, back: 0 }, now).to)
    for (const ms of moments) {
      at(ms)
      if ('last' in window) {
        at(ms + lengthMs(window.last))
        if (window.until) at(ms + lengthMs(window.until))
      }
      if ('next' in window) at(ms - lengthMs(window.next))
    }
  }
  const row = (rule: Rule, columns: Columns, values: Values): void => {
    if (rule.op === 'within') {
      const ms = momentOf(rule.field, columns, values)
      through(rule.window, ms === null ? [] : [ms])
    } else if (rule.op === 'hasBeen') {
      const { since } = columnOf(columns[rule.field]!)
      const ms = momentOf(since!, columns, values)
      if (ms !== null) at(ms + lengthMs(rule.for))
    } else if (rule.op === 'all' || rule.op === 'any' || rule.op === 'not')
      for (const inner of innerRules(rule)) row(inner, columns, values)
  }
  const visit = (rule: Rule, source: string, entity: Entity): void => {
    const of = sourceNamed(environment, source, '')
    if (isEventRule(rule)) {
      const columns = of.facts?.columns ?? {}
      const types = new Set(rule.op === 'sequence' ? rule.steps.map(({ event }) => event) : [rule.event])
      const facts = (entity.facts ?? []).filter((fact) => types.has(fact.type))
      eventTimes(rule, facts, through, at)
      for (const where of innerRules(rule)) for (const fact of facts) row(where, columns, fact.values ?? {})
    } else if (rule.op === 'segment') visit(environment.segments![rule.segment]!.where, source, entity)
    else if (rule.op === 'related' || rule.op === 'relatedTotal') {
      const relation = of.relations![rule.relation]!
      if (!rule.where) return
      if ('columns' in relation) for (const values of under(entity.related, rule.relation)) row(rule.where, relation.columns, values)
      else for (const member of under(entity.members, rule.relation)) visit(rule.where, relation.source, member)
    } else if (rule.op === 'all' || rule.op === 'any' || rule.op === 'not' || rule.op === 'score') {
      for (const inner of innerRules(rule)) visit(inner, source, entity)
    } else row(rule, of.columns, entity.values)
  }
  visit(i.rule, i.source, i.entity)
  return next === Number.POSITIVE_INFINITY ? null : next
}

/** An instant, or a day's midnight; both as windows see them. */
function momentOf(name: string, columns: Columns, values: Values): number | null {
  const found = getter(name, columnOf(columns[name]!))(values)
  if (found === null) return null
  return typeof found === 'string' ? Math.floor(Date.parse(`${found}T00:00:00Z`) / DAY) * DAY : (found as number)
}

function eventTimes(
  rule: Extract<Rule, { op: 'did' | 'total' | 'first' | 'regularly' | 'stopped' | 'resumed' | 'sequence' }>,
  facts: readonly Fact[],
  through: (window: Window, moments: Iterable<number>) => void,
  at: (ms: number) => void,
): void {
  const moments = facts.map(msOf)
  switch (rule.op) {
    case 'regularly':
      for (const ms of moments) for (let step = 0; step <= rule.periods; step++) at(ms + step * lengthMs(rule.every))
      break
    case 'stopped':
    case 'resumed': {
      const [quiet, active] = [lengthMs(rule.quiet), lengthMs(rule.active)]
      for (const ms of moments) for (const away of [0, rule.op === 'stopped' ? quiet : active, quiet + active]) at(ms + away)
      break
    }
    default:
      through(rule.within ?? EVER, moments)
  }
}
