import { sourceNamed } from '../rules/compile.ts'
import type { Environment } from '../rules/environment.ts'
import type { Rule, RuleOf } from '../rules/model.ts'
import { innerRules } from '../rules/schema.ts'
import { columnOf } from '../rules/source.ts'

/** What of a customer a rule looks at, its segments' rules included. A change of anything else cannot flip its answer. */
export interface Dependencies {
  readonly columns: ReadonlySet<string>
  readonly events: ReadonlySet<string>
  readonly relations: ReadonlySet<string>
  readonly lists: ReadonlySet<string>
  /** By relation, what it looks at of the customers of another source who belong to this one. */
  readonly members: ReadonlyMap<string, Dependencies>
}

/** What changed about a customer. */
export interface Changed {
  readonly columns?: Iterable<string>
  readonly events?: Iterable<string>
  readonly relations?: Iterable<string>
  readonly lists?: Iterable<string>
  /** By relation, what changed about one of those who belong to the customer; `EVERYTHING` for one who came or went. */
  readonly members?: ReadonlyMap<string, Changed | typeof EVERYTHING>
}

export const EVERYTHING = 'everything'

export function dependenciesOf(i: { readonly rule: Rule; readonly source: string; readonly environment: Environment }): Dependencies {
  const found = {
    columns: new Set<string>(),
    events: new Set<string>(),
    relations: new Set<string>(),
    lists: new Set<string>(),
    members: new Map<string, Dependencies>(),
  }
  const { columns, relations = {} } = sourceNamed(i.environment, i.source, '')
  const seen = new Set<string>()
  const column = (name: string) => {
    found.columns.add(name)
    const of = Object.hasOwn(columns, name) ? columnOf(columns[name]!) : null
    if (of?.folded) found.columns.add(of.folded)
    if (of?.since) found.columns.add(of.since)
  }
  const visit = (rule: Rule): void => {
    switch (rule.op) {
      case 'all':
      case 'any':
      case 'not':
      case 'score':
        innerRules(rule).forEach(visit)
        break
      case 'segment':
        if (!seen.has(rule.segment)) {
          seen.add(rule.segment)
          visit(i.environment.segments![rule.segment]!.where)
        }
        break
      case 'list':
        found.lists.add(rule.list)
        break
      case 'related':
      case 'relatedTotal': {
        const { relation } = rule
        const of = relations[relation]
        found.relations.add(relation)
        if (of && !('columns' in of)) found.members.set(relation, ofMembers(rule, of.source, found.members.get(relation), i.environment))
        break
      }
      case 'sequence':
        for (const { event } of rule.steps) found.events.add(event)
        break
      default:
        if ('event' in rule) found.events.add(rule.event)
        else if ('field' in rule) column(rule.field)
        else if ('latitude' in rule) {
          column(rule.latitude)
          column(rule.longitude)
        }
    }
  }
  visit(i.rule)
  return found
}

/** What a rule looks at of those who belong to a customer, beside what was found before. */
function ofMembers(
  rule: RuleOf<'related' | 'relatedTotal'>,
  source: string,
  before: Dependencies | undefined,
  environment: Environment,
): Dependencies {
  const inner = dependenciesOf({ rule: rule.where ?? { op: 'all', of: [] }, source, environment })
  const folded = rule.op === 'relatedTotal' && rule.of !== undefined ? [rule.of] : []
  return {
    columns: new Set([...(before?.columns ?? []), ...inner.columns, ...folded]),
    events: new Set([...(before?.events ?? []), ...inner.events]),
    relations: new Set([...(before?.relations ?? []), ...inner.relations]),
    lists: new Set([...(before?.lists ?? []), ...inner.lists]),
    members: new Map([...(before?.members ?? []), ...inner.members]),
  }
}

/** Whether a change can flip a rule's answer. */
export function touches(changed: Changed, of: Dependencies): boolean {
  const meets = (names: Iterable<string> | undefined, known: ReadonlySet<string>) => {
    for (const name of names ?? []) if (known.has(name)) return true
    return false
  }
  return (
    meets(changed.columns, of.columns) ||
    meets(changed.events, of.events) ||
    meets(changed.relations, of.relations) ||
    meets(changed.lists, of.lists) ||
    [...(changed.members ?? [])].some(([relation, what]) => {
      const looks = of.members.get(relation)
      return looks !== undefined && (what === EVERYTHING || touches(what, looks))
    })
  )
}
