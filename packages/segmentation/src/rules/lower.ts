import type { HostColumn, HostCondition, HostFold, HostLink, HostTable } from '@patronkit/core/service'
import { badRule } from '../refusals.ts'
import { type FoldRule, foldColumn, foldValue, isEventRule } from './behaviour.ts'
import { listNamed, relationNamed, sourceNamed } from './compile.ts'
import { type Environment, inOrder } from './environment.ts'
import { at, columnNamed, degreesOf, type FieldRule, foldedOf, isFieldRule, regionsOf, sinceOf, valueFor } from './leaf.ts'
import type { Comparison, Rule, RuleOf } from './model.ts'
import { glyphs } from './pattern.ts'
import { type Columns, columnOf, type Source, type SourceColumn, type SourceRows } from './source.ts'
import { daysOf, EVER, lengthMs, type Stretch, stretchAt } from './window.ts'

/** A rule as a question to the host's database, with its windows as they are at `now`. */
export function lowerRule(i: {
  readonly rule: Rule
  readonly source: string
  readonly environment: Environment
  readonly now: number
}): HostCondition {
  inOrder(i.environment.segments ?? {})
  return lowering(i.environment, i.now)(i.rule, i.source, '')
}

export const hostColumn = (name: string, given: SourceColumn): HostColumn => ({
  column: given.column ?? name,
  type: given.type,
  ...(given.type === 'decimal' ? { scale: given.scale ?? 2, stored: given.stored ?? 'decimal' } : {}),
  ...(given.type === 'instant' ? { stored: given.stored ?? 'timestamp' } : {}),
})

/** A place in the host's tables; the schema of sources has them all or none. */
function placed(name: string | undefined): string {
  if (name !== undefined) return name
  throw badRule('', 'these customers are in no table of yours', 'Ask createSegments, which keeps them, or declare the table.')
}

export const hostTable = (of: { readonly table?: string; readonly tenantColumn?: string }): HostTable => ({
  table: placed(of.table),
  tenant: placed(of.tenantColumn),
})
export const textColumn = (column: string | undefined): HostColumn => ({ column: placed(column), type: 'text' })
export const keyOf = (source: Source): HostColumn => textColumn(source.keyColumn)
export const typeColumn = (facts: NonNullable<Source['facts']>): HostColumn => textColumn(facts.typeColumn)
export const atColumn = (facts: NonNullable<Source['facts']>): HostColumn => ({
  column: placed(facts.atColumn),
  type: 'instant',
  stored: facts.atStored ?? 'timestamp',
})

const all = (...of: readonly HostCondition[]): HostCondition => ({ op: 'all', of })
const not = (of: HostCondition): HostCondition => ({ op: 'not', of })
const ALWAYS: HostCondition = { op: 'all', of: [] }

function lowering(environment: Environment, now: number) {
  const lower = (rule: Rule, id: string, path: string): HostCondition => {
    const source = sourceNamed(environment, id, path)
    if (isFieldRule(rule)) return lowerField(rule, source.columns, path, now)
    if (isEventRule(rule)) return lowerEvents(rule, source, path, now)
    switch (rule.op) {
      case 'all':
      case 'any':
        return { op: rule.op, of: rule.of.map((inner, i) => lower(inner, id, at(path, 'of', i))) }
      case 'not':
        return not(lower(rule.of, id, at(path, 'of')))
      case 'score': {
        const parts = rule.parts.map(({ weight, when }, i) => ({ weight, when: lower(when, id, at(path, 'parts', i, 'when')) }))
        return { op: 'score', parts, atLeast: rule.atLeast }
      }
      case 'segment':
        return lower(environment.segments![rule.segment]!.where, id, '')
      case 'list':
        return { op: 'in', column: keyOf(source), values: [...listNamed(environment, rule.list, at(path, 'list'))] }
      case 'ids':
        return { op: 'in', column: keyOf(source), values: rule.ids }
      case 'sample':
        return { op: 'unknown', path, what: 'a hashed sample' }
      case 'related':
      case 'relatedTotal':
        return lowerRelated(rule, id, path)
    }
  }

  const lowerRelated = (rule: RuleOf<'related' | 'relatedTotal'>, id: string, path: string): HostCondition => {
    const source = sourceNamed(environment, id, path)
    const of = relationNamed(source, rule.relation, id, at(path, 'relation'))
    const rows = 'columns' in of
    const inner = rows ? null : sourceNamed(environment, of.source, at(path, 'relation'))
    const columns = rows ? of.columns : inner!.columns
    const link: HostLink = rows
      ? linkOf(of, source)
      : { table: hostTable(inner!), link: hostColumn(of.of, columnNamed(columns, of.of, at(path, 'relation'))), to: keyOf(source) }
    const where = !rule.where
      ? ALWAYS
      : rows
        ? lowerRow(rule.where, columns, at(path, 'where'), now)
        : lower(rule.where, of.source, at(path, 'where'))
    if (rule.op === 'relatedTotal') return folded(rule, columns, path, link, where)
    if (rule.how === 'any') return some(link, where)
    return not(some(link, rule.how === 'all' ? not(where) : where))
  }
  return lower
}

const linkOf = (rows: SourceRows, source: Source): HostLink => ({
  table: hostTable(rows),
  link: textColumn(rows.of),
  to: keyOf(source),
})

const some = (link: HostLink, where: HostCondition): HostCondition => ({ op: 'grouped', ...link, where, having: [] })

const OPPOSITE: { readonly [C in Comparison]: Comparison } = { eq: 'ne', ne: 'eq', lt: 'gte', gte: 'lt', gt: 'lte', lte: 'gt' }

/** Whether 0 compares so with the value: then those without a row are in, and the others are told by who is not. */
const holdsForNothing = (is: Comparison, value: number): boolean =>
  ({ eq: value === 0, ne: value !== 0, lt: value > 0, lte: value >= 0, gt: value < 0, gte: value <= 0 })[is]

function folded(rule: FoldRule, columns: Columns, path: string, link: HostLink, where: HostCondition): HostCondition {
  const column = rule.fold === 'count' || rule.of === undefined ? null : foldColumn(rule.fold, rule.of, columns, at(path, 'of'))
  const value = foldValue(rule, column, at(path, 'value'))
  const having = (is: Comparison): HostCondition => {
    const fold: HostFold = { fold: rule.fold, is, value, ...(column ? { of: hostColumn(rule.of!, column) } : {}) }
    return { op: 'grouped', ...link, where, having: [fold] }
  }
  const ofNothing = rule.fold === 'count' || rule.fold === 'sum' || rule.fold === 'distinct'
  return ofNothing && holdsForNothing(rule.is, value as number) ? not(having(OPPOSITE[rule.is])) : having(rule.is)
}

/** Instants within a stretch, of what has happened by now. */
const during = (column: HostColumn, stretch: Stretch, now: number): HostCondition =>
  between(column, stretch.from, Math.min(stretch.to, now + 1))

const FURTHEST = 8.64e15

/** Instants in [from, to); an end that is open needs no comparison, only an instant. */
const between = (column: HostColumn, from: number, to: number): HostCondition =>
  all(
    not({ op: 'missing', column }),
    ...(from > -FURTHEST ? [{ op: 'gte', column, value: from } as const] : []),
    ...(to < FURTHEST ? [{ op: 'lt', column, value: to } as const] : []),
  )

function lowerEvents(
  rule: Extract<Rule, { op: 'did' | 'total' | 'first' | 'regularly' | 'stopped' | 'resumed' | 'sequence' }>,
  source: Source,
  path: string,
  now: number,
): HostCondition {
  const facts = source.facts!
  const link = linkOf(facts, source)
  const column = atColumn(facts)
  const selected = (of: { readonly event: string; readonly where?: Rule }, where: string): HostCondition =>
    all(
      { op: 'eq', column: typeColumn(facts), value: of.event },
      ...(of.where ? [lowerRow(of.where, facts.columns, at(where, 'where'), now)] : []),
    )
  const count = (is: Comparison, value: number, where?: HostCondition): HostFold => ({
    fold: 'count',
    is,
    value,
    ...(where ? { where } : {}),
  })
  const grouped = (where: HostCondition, ...having: readonly HostFold[]): HostCondition => ({ op: 'grouped', ...link, where, having })
  switch (rule.op) {
    case 'did': {
      const { atLeast = 1, atMost } = rule
      const where = all(selected(rule, path), during(column, stretchAt(rule.within ?? EVER, now), now))
      if (atLeast === 0) return atMost === undefined ? ALWAYS : not(grouped(where, count('gt', atMost)))
      const least = atLeast === 1 ? [] : [count('gte', atLeast)]
      return grouped(where, ...least, ...(atMost === undefined ? [] : [count('lte', atMost)]))
    }
    case 'total': {
      const where = all(selected(rule, path), during(column, stretchAt(rule.within ?? EVER, now), now))
      return folded(rule, facts.columns, path, link, where)
    }
    case 'first': {
      const { from, to } = stretchAt(rule.within, now)
      const where = all(selected(rule, path), during(column, { from: -8.64e15, to: 8.64e15 }, now))
      return grouped(where, { fold: 'min', of: column, is: 'gte', value: from }, { fold: 'min', of: column, is: 'lt', value: to })
    }
    case 'regularly': {
      const width = lengthMs(rule.every)
      const where = all(selected(rule, path), during(column, { from: now - width * rule.periods + 1, to: now + 1 }, now))
      return { op: 'regular', ...link, where, at: column, before: now, width, times: rule.times ?? 1, atLeast: rule.atLeast }
    }
    case 'stopped':
    case 'resumed': {
      const [near, far] =
        rule.op === 'stopped'
          ? [lengthMs(rule.quiet), lengthMs(rule.quiet) + lengthMs(rule.active)]
          : [lengthMs(rule.active), lengthMs(rule.active) + lengthMs(rule.quiet)]
      const recent: HostCondition = { op: 'gt', column, value: now - near }
      const middle = all({ op: 'gt', column, value: now - far }, { op: 'lte', column, value: now - near })
      const before: HostCondition = { op: 'lte', column, value: now - far }
      const where = all(selected(rule, path), during(column, { from: -8.64e15, to: 8.64e15 }, now))
      return rule.op === 'stopped'
        ? grouped(where, count('eq', 0, recent), count('gt', 0, middle))
        : grouped(where, count('gt', 0, recent), count('eq', 0, middle), count('gt', 0, before))
    }
    case 'sequence': {
      const within = during(column, stretchAt(rule.within ?? EVER, now), now)
      const steps = rule.steps.map((step, i) => ({
        where: all(selected(step, at(path, 'steps', i)), within),
        ...(step.after ? { after: lengthMs(step.after) } : {}),
        ...(step.within ? { within: lengthMs(step.within) } : {}),
      }))
      return { op: 'sequence', ...link, at: column, steps }
    }
  }
}

function lowerRow(rule: Rule, columns: Columns, path: string, now: number): HostCondition {
  if (isFieldRule(rule)) return lowerField(rule, columns, path, now)
  if (rule.op === 'not') return not(lowerRow(rule.of, columns, at(path, 'of'), now))
  // the compiler has refused everything else
  const { op, of } = rule as RuleOf<'all' | 'any'>
  return { op, of: of.map((inner, i) => lowerRow(inner, columns, at(path, 'of', i), now)) }
}

function lowerField(rule: FieldRule, columns: Columns, path: string, now: number): HostCondition {
  const named = (name: string) => hostColumn(name, columnOf(columns[name]!))
  const value = (given: unknown, name: string, where: string) => valueFor(given, columnNamed(columns, name, path), name, at(path, where))
  switch (rule.op) {
    case 'in': {
      const values = rule.values.filter((one) => one !== null).map((one) => value(one, rule.field, 'values'))
      const listed: HostCondition = { op: 'in', column: named(rule.field), values }
      return rule.values.includes(null) ? { op: 'any', of: [listed, { op: 'missing', column: named(rule.field) }] } : listed
    }
    case 'between':
      return all(
        { op: 'gte', column: named(rule.field), value: value(rule.from, rule.field, 'from') },
        { op: 'lt', column: named(rule.field), value: value(rule.to, rule.field, 'to') },
      )
    case 'contains':
    case 'startsWith':
    case 'endsWith': {
      const { name, text } = foldedOf(rule, columns, path)
      return { op: rule.op, column: named(name), value: text }
    }
    case 'like': {
      const { name, text } = foldedOf(rule, columns, path)
      return { op: 'like', column: named(name), pieces: piecesOf(text) }
    }
    case 'within': {
      const column = named(rule.field)
      const stretch = stretchAt(rule.window, now)
      if (column.type === 'instant') return between(column, stretch.from, stretch.to)
      const { from, to } = daysOf(stretch)
      return all({ op: 'gte', column, value: from }, { op: 'lt', column, value: to })
    }
    case 'hasBeen': {
      const since = named(sinceOf(rule, columns, path))
      const is = lowerField({ op: 'eq', field: rule.field, value: rule.value }, columns, path, now)
      return all(is, { op: 'lte', column: since, value: now - lengthMs(rule.for) })
    }
    case 'under':
      return { op: 'in', column: named(rule.field), values: regionsOf(rule, columnOf(columns[rule.field]!), path) }
    case 'inBox':
      return boxOf(named(rule.latitude), named(rule.longitude), rule)
    case 'near': {
      const column = (name: string) => hostColumn(name, degreesOf(name, columns, path))
      return { op: 'unknown', path, what: 'a distance', bound: around(column(rule.latitude), column(rule.longitude), rule) }
    }
    default: {
      const column = named(rule.field)
      if (rule.value === null) return rule.op === 'eq' ? { op: 'missing', column } : not({ op: 'missing', column })
      return { op: rule.op, column, value: value(rule.value, rule.field, 'value') }
    }
  }
}

function piecesOf(pattern: string): readonly ({ readonly text: string } | '?' | '*')[] {
  const pieces: ({ text: string } | '?' | '*')[] = []
  for (const glyph of glyphs(pattern)) {
    const last = pieces.at(-1)
    if ('any' in glyph) pieces.push('*')
    else if ('one' in glyph) pieces.push('?')
    else if (typeof last === 'object') pieces[pieces.length - 1] = { text: last.text + glyph.is }
    else pieces.push({ text: glyph.is })
  }
  return pieces
}

function boxOf(
  latitude: HostColumn,
  longitude: HostColumn,
  box: { readonly south: number; readonly north: number; readonly west: number; readonly east: number },
): HostCondition {
  const east: HostCondition = { op: 'lte', column: longitude, value: box.east }
  const west: HostCondition = { op: 'gte', column: longitude, value: box.west }
  return all(
    { op: 'gte', column: latitude, value: box.south },
    { op: 'lte', column: latitude, value: box.north },
    { op: box.west <= box.east ? 'all' : 'any', of: [west, east] },
  )
}

const KM_PER_DEGREE = 111.19

/** A box that holds a circle with room to spare: SQL finds the candidates by it, and the distance is asked in memory. */
function around(latitude: HostColumn, longitude: HostColumn, { to: [lat, lon], km }: RuleOf<'near'>): HostCondition {
  const high = (km / KM_PER_DEGREE) * 1.01 + 1e-6
  const [south, north] = [lat - high, lat + high]
  if (south <= -89 || north >= 89) return boxOf(latitude, longitude, { south, north, west: -180, east: 180 })
  const wide = Math.min(180, (high / Math.cos((Math.max(Math.abs(south), Math.abs(north)) * Math.PI) / 180)) * 1.01)
  const turned = (degrees: number) => (degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees)
  if (wide >= 179) return boxOf(latitude, longitude, { south, north, west: -180, east: 180 })
  return boxOf(latitude, longitude, { south, north, west: turned(lon - wide), east: turned(lon + wide) })
}
