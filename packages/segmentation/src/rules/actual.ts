import { toIso } from '@patronkit/core/service'
import { type Fact, type FoldRule, msOf, outermost, presentIn, sumOf } from './behaviour.ts'
import { compileRow, compileRule, type Entity, relationNamed, sourceNamed, under } from './compile.ts'
import type { Environment } from './environment.ts'
import { isFieldRule, type Values } from './leaf.ts'
import type { Events, Rule, RuleOf } from './model.ts'
import { type Columns, columnOf, type SourceColumn } from './source.ts'
import { decimalText, hostValue } from './values.ts'
import { EVER, stretchAt } from './window.ts'

interface Asked {
  readonly source: string
  readonly environment: Environment
  readonly entity: Entity
  readonly now: number
}

/** What a part of a rule found of a customer, as their data has it; null where it is missing or does not fit in one value. */
export function actualOf(rule: Rule, i: Asked): unknown {
  const { entity, now } = i
  if (isFieldRule(rule)) {
    if ('latitude' in rule) return [own(entity, rule.latitude), own(entity, rule.longitude)]
    return own(entity, rule.field)
  }
  switch (rule.op) {
    case 'did':
      return happened(rule, i).filter(within(rule.within ?? EVER, now)).length
    case 'total': {
      const facts = happened(rule, i).filter(within(rule.within ?? EVER, now))
      return folded(
        rule,
        factColumns(i),
        facts.map((fact) => fact.values ?? {}),
      )
    }
    case 'first':
      return instantOf(happened(rule, i), Math.min)
    case 'stopped':
    case 'resumed':
      return instantOf(happened(rule, i), Math.max)
    case 'related':
      return holding(rule, i).rows.length
    case 'relatedTotal': {
      const { columns, rows } = holding(rule, i)
      return folded(rule, columns, rows)
    }
    default:
      return null
  }
}

const own = (entity: Entity, name: string): unknown => (Object.hasOwn(entity.values, name) ? (entity.values[name] ?? null) : null)

const factColumns = ({ environment, source }: Asked): Columns => sourceNamed(environment, source, '').facts?.columns ?? {}

/** The events that a rule means, up to now. */
function happened({ event, where }: Events, i: Asked): readonly Fact[] {
  const holds = where ? compileRow(where, factColumns(i), '') : () => true
  return (i.entity.facts ?? []).filter((fact) => fact.type === event && msOf(fact) <= i.now && holds(fact.values ?? {}, i.now))
}

function within(window: Parameters<typeof stretchAt>[0], now: number): (fact: Fact) => boolean {
  const { from, to } = stretchAt(window, now)
  return (fact) => msOf(fact) >= from && msOf(fact) < to
}

const instantOf = (facts: readonly Fact[], which: (a: number, b: number) => number): string | null =>
  facts.length === 0 ? null : toIso(facts.map(msOf).reduce((a, b) => which(a, b)))

/** Related rows and customers that hold what is asked of them. */
function holding(
  rule: RuleOf<'related' | 'relatedTotal'>,
  { entity, source, environment, now }: Asked,
): { readonly columns: Columns; readonly rows: readonly Values[] } {
  const { relation, where = { op: 'all', of: [] } } = rule
  const of = relationNamed(sourceNamed(environment, source, ''), relation, source, '')
  if ('columns' in of) {
    const test = compileRow(where, of.columns, '')
    return { columns: of.columns, rows: under(entity.related, relation).filter((row) => test(row, now)) }
  }
  const { test } = compileRule({ rule: where, source: of.source, environment })
  const members = under(entity.members, relation).filter((one) => test(one, now))
  return { columns: sourceNamed(environment, of.source, '').columns, rows: members.map(({ values }) => values) }
}

function folded({ fold, of }: FoldRule, columns: Columns, rows: readonly Values[]): unknown {
  if (fold === 'count' || of === undefined) return rows.length
  const column = columnOf(columns[of]!)
  const found = presentIn(of, column)(rows)
  if (fold === 'distinct') return new Set(found).size
  if (fold === 'sum') return hostValue(sumOf(found as readonly number[], of), column)
  if (found.length === 0) return null
  if (fold === 'average') return averageOf(found as readonly number[], column, of)
  return hostValue(outermost(fold, found), column)
}

/** Two digits more than the column has, cut off there: the comparison itself is exact. */
function averageOf(values: readonly number[], column: SourceColumn, name: string): string {
  const scale = column.type === 'decimal' ? (column.scale ?? 2) : 0
  return decimalText(Number((BigInt(sumOf(values, name)) * 100n) / BigInt(values.length)), scale + 2)
}
