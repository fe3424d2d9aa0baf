import { compiler, type Entity, type EntityTest, sourceNamed } from './compile.ts'
import type { Environment } from './environment.ts'
import { getter } from './leaf.ts'
import type { Rule } from './model.ts'
import { innerRules } from './schema.ts'
import { type Columns, columnOf, type SourceColumn } from './source.ts'
import { type Compared, decimalText, hostValue, literal } from './values.ts'
import { lengthMs, stretchAt } from './window.ts'

/** A column and the value it would have to have. */
export interface Change {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
}

export interface NearestFlip extends Change {
  /** How far it is: `12.40 more`, `3 less`, `"gold" instead of "silver"`. */
  readonly change: string
  /** All that has to change; one unless several columns fail at once. */
  readonly changes: readonly Change[]
}

/**
 * The smallest change of columns that flips the answer. Candidates are the values at which a part of the rule changes its mind, and
 * their neighbours; each is tried, so what is answered does flip. One column is enough where it can be; else columns are changed
 * one after the other, each to the value that holds most parts of an `all`.
 */
export function nearestFlip(i: {
  readonly rule: Rule
  readonly source: string
  readonly environment: Environment
  readonly entity: Entity
  readonly now: number
}): NearestFlip | null {
  const { columns } = sourceNamed(i.environment, i.source, '')
  const test = compiler(i.environment).rule(i.rule, i.source, '')
  const before = test(i.entity, i.now)
  const wanted = candidates(i.rule, columns, i.environment, i.now)
  const single = flips(test, before, i.entity, i.now, columns, wanted)[0]
  if (single) return { ...single, changes: [single] }
  return several(i, columns, before, test, wanted)
}

type Candidates = ReadonlyMap<string, ReadonlySet<Exclude<Compared, null>>>
type Found = Change & { readonly change: string; readonly cost: number }

/** Ways of flipping with one column, the least change first. */
function flips(test: EntityTest, before: boolean, entity: Entity, now: number, columns: Columns, wanted: Candidates): readonly Found[] {
  const found: Found[] = []
  for (const [field, values] of wanted) {
    const column = columnOf(columns[field]!)
    const is = getter(field, column)(entity.values)
    for (const value of values) {
      if (value === is || test(withValue(entity, field, hostValue(value, column)), now) === before) continue
      found.push(changeOf(field, column, is, value))
    }
  }
  return found.sort((a, b) => a.cost - b.cost).map(({ field, from, to, change, cost }) => ({ field, from, to, change, cost }))
}

function changeOf(field: string, column: SourceColumn, from: Compared, to: Exclude<Compared, null>): Found {
  const texts = { from: from === null ? null : hostValue(from, column), to: hostValue(to, column) }
  if (typeof from === 'number' && typeof to === 'number') {
    const away = Math.abs(to - from)
    const size = column.type === 'decimal' ? decimalText(away, column.scale ?? 2) : column.type === 'instant' ? `${away} ms` : String(away)
    const more = column.type === 'instant' ? (to > from ? 'later' : 'earlier') : to > from ? 'more' : 'less'
    return { field, ...texts, change: `${size} ${more}`, cost: away / (1 + Math.abs(from)) }
  }
  return { field, ...texts, change: `${JSON.stringify(texts.to)} instead of ${JSON.stringify(texts.from)}`, cost: 1e6 }
}

const withValue = (entity: Entity, field: string, value: unknown): Entity => ({ ...entity, values: { ...entity.values, [field]: value } })

/** Values of each column at which a part of the rule changes its mind, and the nearest on both sides. */
function candidates(rule: Rule, columns: Columns, environment: Environment, now: number): Candidates {
  const found = new Map<string, Set<Exclude<Compared, null>>>()
  const add = (field: string, given: unknown) => {
    const column = Object.hasOwn(columns, field) ? columnOf(columns[field]!) : undefined
    const value = column && literal(given, column)
    if (value == null) return
    if (!found.has(field)) found.set(field, new Set())
    const values = found.get(field)!
    for (const near of neighbours(value, column!)) values.add(near)
  }
  const seen = new Set<string>()
  const visit = (part: Rule): void => {
    switch (part.op) {
      case 'in':
        for (const value of part.values) add(part.field, value)
        break
      case 'between':
        add(part.field, part.from)
        add(part.field, part.to)
        break
      case 'within': {
        const { from, to } = stretchAt(part.window, now)
        // an end that is open is no place to go to
        if (from > -8.64e15) add(part.field, from)
        if (to < 8.64e15) add(part.field, to)
        break
      }
      case 'hasBeen':
        add(part.field, part.value)
        if (Object.hasOwn(columns, part.field)) add(columnOf(columns[part.field]!).since ?? '', now - lengthMs(part.for))
        break
      case 'under':
        add(part.field, part.region)
        break
      case 'segment':
        if (!seen.has(part.segment)) {
          seen.add(part.segment)
          visit(environment.segments![part.segment]!.where)
        }
        break
      default:
        if ('field' in part && 'value' in part) add(part.field, part.value)
        // what stands in events and related rows is about other columns
        else if (part.op === 'all' || part.op === 'any' || part.op === 'not' || part.op === 'score') innerRules(part).forEach(visit)
    }
  }
  visit(rule)
  return found
}

function neighbours(value: Exclude<Compared, null>, column: SourceColumn): readonly Exclude<Compared, null>[] {
  if (typeof value === 'boolean') return [true, false]
  if (typeof value === 'string') return [value, ...(column.type === 'date' ? [] : [`${value} `])]
  if (column.type !== 'number') return [value, value + 1, value - 1]
  // the next doubles
  const step = Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE * 2 ** 52)
  return [value, value + step, value - step]
}

/** Flips the failing parts one by one: for an `all`, each part that fails by itself; kept only where the whole then flips. */
function several(
  i: Parameters<typeof nearestFlip>[0],
  columns: Columns,
  before: boolean,
  test: EntityTest,
  wanted: Candidates,
): NearestFlip | null {
  let { entity } = i
  const changes: Found[] = []
  const visit = (rule: Rule, want: boolean): boolean => {
    const holds = compiler(i.environment).rule(rule, i.source, '')
    if (holds(entity, i.now) === want) return true
    if (rule.op === 'not') return visit(rule.of, !want)
    if (rule.op === 'segment') return visit(i.environment.segments![rule.segment]!.where, want)
    if (rule.op === 'all' || rule.op === 'any') {
      const each = (rule.op === 'all') === want
      return each ? rule.of.every((inner) => visit(inner, want)) : rule.of.some((inner) => visit(inner, want))
    }
    const flip = flips(holds, !want, entity, i.now, columns, wanted)[0]
    if (!flip) return false
    changes.push(flip)
    entity = withValue(entity, flip.field, flip.to)
    return true
  }
  if (!visit(i.rule, !before) || changes.length === 0 || test(entity, i.now) === before) return null
  // a column that was changed twice ends where it was changed last
  const last = new Map(changes.map((change) => [change.field, change]))
  const all = [...last.values()].map(({ field, to, change }) => ({ field, from: own(i.entity, field), to, change }))
  const { field, from, to, change } = all[0]!
  return { field, from, to, change, changes: all.map((one) => ({ field: one.field, from: one.from, to: one.to })) }
}

const own = (entity: Entity, field: string): unknown => (Object.hasOwn(entity.values, field) ? (entity.values[field] ?? null) : null)
