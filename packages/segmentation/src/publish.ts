import { type Definition, type Instant, isPatronkitError, type Published } from '@patronkit/core'
import { type Context, type Operation, publishDefinition, read, type StoredDefinition, toMs } from '@patronkit/core/service'
import type { CustomerList } from './list.ts'
import { badRule, notKept, notPublished } from './refusals.ts'
import { KINDS, type Rulebook, type Shelf, shelfOf } from './rulebook.ts'
import { isEventRule } from './rules/behaviour.ts'
import { compiler } from './rules/compile.ts'
import type { Environment, SegmentRule } from './rules/environment.ts'
import { at } from './rules/leaf.ts'
import type { Rule } from './rules/model.ts'
import { innerRules } from './rules/schema.ts'
import type { Source } from './rules/source.ts'

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
      const source = added && sourceOf(added)
      const dueAt = Math.max(ctx.now, effectiveFrom.getTime())
      return source ? [{ timer: 'set', queue: RULES, key: `${source}/${dueAt}`, dueAt }] : []
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
  const definitions = [...shelf.definitions, added]
  const starts = new Set([added.effectiveFrom, ...definitions.map((one) => one.effectiveFrom)])
  for (const start of starts) {
    if (start < added.effectiveFrom) continue
    const { environment } = shelfOf(definitions).at(start)
    if (added.kind === 'segment-list') keptSource(environment, (added.body as CustomerList).source)
    const compile = compiler(environment)
    for (const [segment, { source, where }] of Object.entries(environment.segments ?? {})) {
      try {
        compile.segment(segment)
        refuseOutOfReach(where, environment.sources[source]!, '')
      } catch (error) {
        if (segment === added.id || !isPatronkitError(error, 'segments/bad-rule')) throw error
        const { path, why } = error.details
        throw badRule(path, `segment ${segment} would no longer hold: ${why}`, `Publish another version of ${segment} first.`)
      }
    }
  }
}

/** A source whose customers are kept; refused where it is a table or not there. */
export function keptSource(environment: Environment, id: string): Source {
  const source = Object.hasOwn(environment.sources, id) ? environment.sources[id]! : null
  if (!source) throw notPublished('source', id)
  if (source.table !== undefined) throw notKept(id)
  return source
}

/** Each customer who is kept is kept alone, and lists are kept with them. */
function refuseOutOfReach(rule: Rule, source: Source, path: string): void {
  const isTable = source.table !== undefined
  if (isTable && rule.op === 'list')
    throw badRule(
      at(path, 'list'),
      'lists are kept with customers who are told about, and these are in a table',
      'Use isOneOf, or a column.',
    )
  if (!isTable && (rule.op === 'related' || rule.op === 'relatedTotal') && !('columns' in source.relations![rule.relation]!)) {
    const why = 'asks about customers of another source, and each customer is kept alone'
    throw badRule(at(path, 'relation'), why, 'Declare the source as a table of yours, or put what is asked for on the customer.')
  }
  for (const inner of innerRules(rule)) if (!isRowOf(rule)) refuseOutOfReach(inner, source, at(path, 'of'))
}

/** Rules inside these are about rows or other customers. */
const isRowOf = (rule: Rule): boolean => rule.op === 'related' || rule.op === 'relatedTotal' || isEventRule(rule)
