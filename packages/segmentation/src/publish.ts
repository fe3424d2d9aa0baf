import { type Definition, type Instant, isPatronkitError, type PatronkitError, type Published } from '@patronkit/core'
import { type Context, type Operation, publishDefinition, read, type StoredDefinition, toIso, toMs } from '@patronkit/core/service'
import type { CustomerList } from './list.ts'
import { dependenciesOf } from './members/dependencies.ts'
import { badRule, notKept, notPublished, wrong } from './refusals.ts'
import { KINDS, linkedBy, type Rulebook, type Shelf, shelfOf } from './rulebook.ts'
import { isEventRule } from './rules/behaviour.ts'
import { compiler } from './rules/compile.ts'
import type { Environment, SegmentRule } from './rules/environment.ts'
import { at, columnNamed } from './rules/leaf.ts'
import type { Rule, RuleOf } from './rules/model.ts'
import { innerRules } from './rules/schema.ts'
import type { Source, SourceMembers, SourceRows } from './rules/source.ts'

/** Sweeps of customers who are to be asked by new rules; a key is the source and when they come into force. */
export const RULES = 'segments.rules'

/**
 * Stores a source, a segment or a list. What names something that is not there, or takes away what others name, is refused, now and for
 * every later time at which rules change. From when it is in force, `tick` asks customers anew.
 */
export function* publish(book: Rulebook, ctx: Context, i: { definition: Definition; effectiveFrom?: Instant }): Operation<Published> {
  const shelf = yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
  const added = candidate(ctx, i, shelf)
  if (added) check(added, shelf)
  return yield* publishDefinition(ctx, i, KINDS, {
    timers: ({ effectiveFrom }) => {
      const sources = added ? reachedBy(added, shelf) : []
      const dueAt = Math.max(ctx.now, effectiveFrom.getTime())
      // to whom somebody belongs is written down before it is in force
      const linking = added ? linkedAnew(added, shelf) : []
      const sweeps = new Set([...sources.map((source) => `${source}/${dueAt}`), ...linking.map((source) => `${source}/${ctx.now}`)])
      return [...sweeps].map((key) => ({ timer: 'set', queue: RULES, key, dueAt: Number(key.slice(key.lastIndexOf('/') + 1)) }))
    },
  })
}

/** The definition as it would be stored; null where its shape is refused anyway. */
export function candidate(
  ctx: Context,
  i: { definition: Definition; effectiveFrom?: Instant | undefined },
  shelf: Shelf,
): StoredDefinition | null {
  const { kind, id, body } = i.definition ?? {}
  const schema = Object.hasOwn(KINDS, kind ?? '') ? KINDS[kind as keyof typeof KINDS] : null
  const parsed = schema?.safeParse(body)
  if (!parsed?.success || typeof id !== 'string') return null
  const before = shelf.definitions.filter((one) => one.kind === kind && one.id === id)
  const effectiveFrom = i.effectiveFrom === undefined ? (before.length > 0 ? ctx.now : 0) : toMs(i.effectiveFrom, 'effectiveFrom')
  const version = before.reduce((most, one) => Math.max(most, one.version), 0) + 1
  return { kind, id, version, hash: i.definition.hash, effectiveFrom, publishedAt: ctx.now, body: parsed.data }
}

const sourceOf = ({ kind, id, body }: StoredDefinition): string => (kind === 'source' ? id : (body as SegmentRule | CustomerList).source)

export function check(added: StoredDefinition, shelf: Shelf): void {
  refuseOtherMembers(added, shelf)
  const definitions = [...shelf.definitions, added]
  const would = shelfOf(definitions)
  const starts = [...new Set(definitions.map((one) => one.effectiveFrom))].filter((one) => one >= added.effectiveFrom).sort((a, b) => a - b)
  for (const start of starts) {
    const { environment } = would.at(start)
    if (added.kind === 'segment-list') keptSource(environment, (added.body as CustomerList).source)
    const compile = compiler(environment)
    for (const segment of Object.keys(environment.segments ?? {})) {
      const error = refusalOf(segment, environment, compile)
      if (!error) continue
      const { path, why } = error.details
      if (segment !== added.id || added.kind !== 'segment')
        throw badRule(path, `segment ${segment} would no longer hold: ${why}`, `Publish another version of ${segment} first.`)
      // what it names may be there, and only not from as early on as a first version holds
      const later = starts.find((one) => one > start && !refusalOf(segment, would.at(one).environment))
      if (later === undefined) throw error
      throw badRule(path, `${why} before ${toIso(later)}`, `Publish it with effectiveFrom ${toIso(later)}.`)
    }
  }
}

/** Why a segment has no answer; null where it has one. */
function refusalOf(segment: string, environment: Environment, compile = compiler(environment)): PatronkitError<'segments/bad-rule'> | null {
  const { source, where } = environment.segments![segment]!
  try {
    compile.segment(segment)
    refuseOutOfReach(where, source, environment, '')
    return null
  } catch (error) {
    if (isPatronkitError(error, 'segments/bad-rule')) return error
    throw error
  }
}

/** A source whose customers are kept; refused where it is a table or not there. */
export function keptSource(environment: Environment, id: string): Source {
  const source = Object.hasOwn(environment.sources, id) ? environment.sources[id]! : null
  if (!source) throw notPublished('source', id)
  if (source.table !== undefined) throw notKept(id)
  return source
}

/** Sources whose customers are to be asked anew: its own, those it was about earlier, and those whose rules look at their customers. */
export function reachedBy(added: StoredDefinition, shelf: Shelf): readonly string[] {
  const earlier = shelf.definitions.filter(({ kind, id }) => kind === added.kind && id === added.id)
  const sources = [added, ...earlier].map(sourceOf)
  return [...new Set([...sources, ...sources.flatMap((source) => shelf.owners(source).map((owner) => owner.source))])]
}

/** Sources whose customers come to belong to others by a column that was not looked at before. */
function linkedAnew(added: StoredDefinition, shelf: Shelf): readonly string[] {
  const then = shelfOf([...shelf.definitions, added]).at(0)
  return membersOf(added).filter((source) => linkedBy(then.owners(source)) !== linkedBy(shelf.owners(source)))
}

const membersOf = ({ kind, body }: StoredDefinition): readonly string[] =>
  kind === 'source' ? Object.values((body as Source).relations ?? {}).flatMap((of) => ('columns' in of ? [] : [of.source])) : []

/** A relation leads to the same customers in every version: what was said of them stays said. */
function refuseOtherMembers(added: StoredDefinition, shelf: Shelf): void {
  if (added.kind !== 'source' || (added.body as Source).table !== undefined) return
  const before = shelf.definitions.filter(({ kind, id }) => kind === 'source' && id === added.id)
  for (const [relation, is] of Object.entries((added.body as Source).relations ?? {})) {
    const was = before.flatMap(({ body }) =>
      Object.entries((body as Source).relations ?? {}).flatMap(([name, of]) => (name === relation ? [of] : [])),
    )
    if (was.every((one) => leadsTo(one) === leadsTo(is))) continue
    throw wrong(
      `definition.relations.${relation}`,
      'led to others in an earlier version',
      'Give what is related otherwise now another name.',
    )
  }
}

const leadsTo = (of: SourceRows | SourceMembers): string => ('columns' in of ? 'rows' : JSON.stringify([of.source, of.of]))

/** What compiles and has no answer all the same: lists of customers in a table, people of people, people who are kept elsewhere. */
function refuseOutOfReach(rule: Rule, id: string, environment: Environment, path: string): void {
  const source = environment.sources[id]!
  if (source.table !== undefined && rule.op === 'list')
    throw badRule(
      at(path, 'list'),
      'lists are kept with customers who are told about, and these are in a table',
      'Use isOneOf, or a column.',
    )
  if (rule.op === 'related' || rule.op === 'relatedTotal') {
    const of = source.relations![rule.relation]!
    if (!('columns' in of)) refuseMembers(rule, source, of, environment, at(path, 'relation'))
  }
  for (const inner of innerRules(rule)) if (!isRowOf(rule)) refuseOutOfReach(inner, id, environment, at(path, 'of'))
}

function refuseMembers(
  rule: RuleOf<'related' | 'relatedTotal'>,
  source: Source,
  { source: id, of: link }: SourceMembers,
  environment: Environment,
  path: string,
): void {
  const inner = environment.sources[id]!
  if ((inner.table === undefined) !== (source.table === undefined))
    throw badRule(path, `leads to ${id}, and only one of the two is in a table of yours`, 'Declare both as tables, or neither.')
  if (source.table !== undefined) return
  if (columnNamed(inner.columns, link, path).type !== 'text')
    throw badRule(path, `leads to ${id} by ${link}, which is no text`, 'Name the text column that holds the id.')
  if (rule.where && dependenciesOf({ rule: rule.where, source: id, environment }).members.size > 0)
    throw badRule(path, 'asks about people of people', 'Put what is asked for on those in between, or ask tables.')
}

/** Rules inside these are about rows or other customers. */
const isRowOf = (rule: Rule): boolean => rule.op === 'related' || rule.op === 'relatedTotal' || isEventRule(rule)
