import {
  type Asking,
  allDefinitions,
  type Context,
  type Fold,
  markOf,
  markReads,
  type Operation,
  type StoredDefinition,
  sha256Hex,
} from '@patronkit/core/service'
import { type CustomerList, listSchema } from './list.ts'
import { type SegmentBook, segmentBook } from './members/book.ts'
import { type Dependencies, dependenciesOf } from './members/dependencies.ts'
import { type Environment, inOrder, type SegmentRule, segmentsIn } from './rules/environment.ts'
import type { Rule } from './rules/model.ts'
import { type Source, type SourceMembers, sourceSchema } from './rules/source.ts'
import { segmentSchema } from './segment.ts'

/** The kinds of definition this package publishes. */
export const KINDS = { source: sourceSchema, segment: segmentSchema, 'segment-list': listSchema }

/** The rules of one source as they are in force at one time. */
export interface Rules {
  /** Tells these rules from others of the source. */
  readonly id: string
  readonly source: Source | null
  readonly environment: Environment
  readonly book: SegmentBook
  readonly segments: ReadonlyMap<string, SegmentInForce>
}

export interface SegmentInForce {
  readonly version: number
  readonly rule: Rule
  /** Changes with anything its answer hangs on: its own rule, those it names, its source. */
  readonly print: string
  readonly needs: Dependencies
}

/** The rules of one source through time, for a customer who is known since an instant. */
export interface Timeline {
  at(ms: number): Rules
  /** The first instant behind `from`, at `upTo` the latest, at which other rules come into force. */
  changeAfter(from: number, upTo: number): number | null
}

/** Customers of another source to whom those of one source belong, by a column of theirs. */
export interface Owner {
  readonly source: string
  readonly relation: string
  readonly column: string
}

/** All that a tenant had published at one time. */
export interface Shelf {
  /**
   * What was published before a customer was known holds for them from when it is effective; what was published later from when it was
   * published at the earliest: nobody enters a segment before it was thought of.
   */
  timeline(source: string, knownAt: number): Timeline
  /** The rules in force now. */
  now(source: string): Rules
  /** Everything in force now, of all sources. */
  readonly environment: Environment
  /** The version in force now; 0 for none. */
  version(kind: string, id: string): number
  readonly definitions: readonly StoredDefinition[]
  /** To whom customers of a source belong, by every version of a source that was ever published: a link may be needed before it is in force. */
  owners(source: string): readonly Owner[]
  /** By relation, those who belong to customers of a source, by every version of it: what was in force earlier may be asked as of then. */
  members(source: string): ReadonlyMap<string, SourceMembers>
}

type Mark = ReturnType<typeof markReads>

/** Finds the rules of customers and keeps what was compiled. */
export interface Rulebook {
  /** What tells whether anything was published since; it travels with other reads. */
  readonly mark: Mark
  shelf(ctx: Context, answers: MarkAnswers): Operation<Shelf>
  /** To whom customers of a source belonged when a shelf was last looked at: for reading ahead, never to decide on. */
  ownersBefore(tenant: string, source: string): readonly Owner[]
}

type AnswerOf<A> = A extends Asking<infer T> ? T : never
export type MarkAnswers = readonly [readonly Fold[], AnswerOf<Mark[1]>]

const MOST = 1_000

export function createRulebook(): Rulebook {
  const shelves = new Map<string, { readonly mark: string; readonly shelf: StoredShelf }>()
  const compiled = new Map<string, Rules>()
  return {
    ownersBefore: (tenant, source) => shelves.get(tenant)?.shelf.at(0).owners(source) ?? [],
    mark: markReads(Object.keys(KINDS)),
    shelf: function* (ctx, answers) {
      const mark = markOf(answers)
      let known = shelves.get(ctx.tenant)
      if (known?.mark !== mark) {
        known = { mark, shelf: shelfOf(yield* allDefinitions(ctx, Object.keys(KINDS)), compiled) }
        keep(shelves, ctx.tenant, known)
      }
      return known.shelf.at(ctx.now)
    },
  }
}

/** The same definitions, asked at different times. */
interface StoredShelf {
  at(now: number): Shelf
}

/** Puts definitions on a shelf; `compiled` keeps rules between shelves. */
export function shelfOf(definitions: readonly StoredDefinition[], compiled = new Map<string, Rules>()): StoredShelf {
  const published = definitions.map(({ publishedAt }) => publishedAt).sort((a, b) => a - b)
  const timelines = new Map<string, Timeline>()
  const timeline: Shelf['timeline'] = (source, knownAt) => {
    // all who were known between the same two publications share a timeline
    const horizon = published.findLast((at) => at <= knownAt) ?? Number.NEGATIVE_INFINITY
    const key = `${source}/${horizon}`
    return timelines.get(key) ?? keep(timelines, key, timelineOf(source, definitions, horizon, compiled))
  }
  const everything = published.at(-1) ?? 0
  const starts = [...new Set(definitions.map(({ effectiveFrom }) => effectiveFrom))].sort((a, b) => a - b)
  const found = new Map<number, { readonly environment: Environment; readonly versions: ReadonlyMap<string, number> }>()
  const everythingAt = (now: number) => {
    const start = starts.findLast((one) => one <= now) ?? Number.NEGATIVE_INFINITY
    const known = found.get(start)
    if (known) return known
    const then = inForce(definitions, ({ effectiveFrom }) => effectiveFrom <= start)
    const versions = new Map(then.map(({ kind, id, version }) => [`${kind}/${id}`, version]))
    return keep(found, start, { environment: environmentOf(then), versions })
  }
  const owners = ownersIn(definitions)
  const members = membersIn(owners)
  return {
    at: (now) => ({
      timeline,
      definitions,
      owners: (source) => owners.get(source) ?? NOBODY,
      members: (source) => members.get(source) ?? NONE,
      now: (source) => timeline(source, everything).at(now),
      get environment() {
        return everythingAt(now).environment
      },
      version: (kind, id) => everythingAt(now).versions.get(`${kind}/${id}`) ?? 0,
    }),
  }
}

const NOBODY: readonly Owner[] = []
const NONE: ReadonlyMap<string, SourceMembers> = new Map()

function ownersIn(definitions: readonly StoredDefinition[]): ReadonlyMap<string, readonly Owner[]> {
  const found = new Map<string, Owner[]>()
  for (const { kind, id, body } of definitions) {
    if (kind !== 'source' || (body as Source).table !== undefined) continue
    for (const [relation, of] of Object.entries((body as Source).relations ?? {})) {
      if ('columns' in of) continue
      const known = found.get(of.source) ?? []
      if (known.some((one) => one.source === id && one.relation === relation)) continue
      found.set(of.source, [...known, { source: id, relation, column: of.of }])
    }
  }
  return found
}

function membersIn(owners: ReadonlyMap<string, readonly Owner[]>): ReadonlyMap<string, ReadonlyMap<string, SourceMembers>> {
  const found = new Map<string, Map<string, SourceMembers>>()
  for (const [source, leadingTo] of owners) {
    for (const { source: owner, relation, column } of leadingTo) {
      const known = found.get(owner) ?? new Map()
      found.set(owner, known.set(relation, { source, of: column }))
    }
  }
  return found
}

/** The columns by which customers of a source belong to others, as their rows name them; null where they belong to nobody. */
export function linkedBy(owners: readonly Owner[]): string | null {
  const columns = [...new Set(owners.map(({ column }) => column))].sort()
  return columns.length === 0 ? null : JSON.stringify(columns)
}

function timelineOf(source: string, definitions: readonly StoredDefinition[], horizon: number, compiled: Map<string, Rules>): Timeline {
  const from = (one: StoredDefinition) => (one.publishedAt <= horizon ? one.effectiveFrom : Math.max(one.effectiveFrom, one.publishedAt))
  const starts = [...new Set(definitions.map(from))].sort((a, b) => a - b)
  const rules = new Map<number, Rules>()
  const linked = linkedBy(ownersIn(definitions).get(source) ?? NOBODY)
  const at = (ms: number): Rules => {
    const start = starts.findLast((one) => one <= ms) ?? Number.NEGATIVE_INFINITY
    return (
      rules.get(start) ??
      keep(
        rules,
        start,
        rulesOf(
          source,
          inForce(definitions, (one) => from(one) <= start),
          linked,
          compiled,
        ),
      )
    )
  }
  return {
    at,
    changeAfter: (after, upTo) => {
      const { id } = at(after)
      return starts.find((start) => start > after && start <= upTo && at(start).id !== id) ?? null
    },
  }
}

/** Of each definition the version that counts: the one effective from the latest instant, of equal ones the newest. */
function inForce(definitions: readonly StoredDefinition[], holds: (one: StoredDefinition) => boolean): readonly StoredDefinition[] {
  const found = new Map<string, StoredDefinition>()
  for (const one of definitions) {
    if (!holds(one)) continue
    const key = `${one.kind}/${one.id}`
    const other = found.get(key)
    if (!other || one.effectiveFrom > other.effectiveFrom || (one.effectiveFrom === other.effectiveFrom && one.version > other.version))
      found.set(key, one)
  }
  return [...found.values()]
}

const EMPTY: ReadonlySet<string> = new Set()

function environmentOf(definitions: readonly StoredDefinition[]): Environment {
  const bodies = <T>(kind: string): { readonly [id: string]: T } =>
    Object.fromEntries(definitions.filter((one) => one.kind === kind).map((one) => [one.id, one.body as T]))
  const lists = Object.keys(bodies<CustomerList>('segment-list')).map((id) => [id, EMPTY])
  return { sources: bodies<Source>('source'), segments: bodies<SegmentRule>('segment'), lists: Object.fromEntries(lists) }
}

function rulesOf(source: string, definitions: readonly StoredDefinition[], linked: string | null, compiled: Map<string, Rules>): Rules {
  const ofKind = (kind: string) => definitions.filter((one) => one.kind === kind)
  const own = ofKind('source').find(({ id }) => id === source)
  // without its source a segment has nobody to ask about, and those of a table are asked there
  const segments =
    own && (own.body as Source).table === undefined ? ofKind('segment').filter(({ body }) => (body as SegmentRule).source === source) : []
  // what rules look at of those who belong to these customers
  const inner = new Set(segments.length === 0 ? [] : membersOf(own!.body as Source).filter((one) => one !== source))
  const theirs = ofKind('source').filter(({ id }) => inner.has(id))
  const named = segmentsNamed(
    segments,
    ofKind('segment').filter(({ body }) => inner.has((body as SegmentRule).source)),
  )
  const lists = ofKind('segment-list').filter(({ body }) => [source, ...inner].includes((body as CustomerList).source))
  const pins = [...[...(own ? [own] : []), ...theirs, ...lists, ...segments, ...named].map(pinOf), ...(linked ? [linked] : [])].sort()
  const id = sha256Hex([source, ...pins].join('\n')).slice(0, 24)
  const known = compiled.get(id)
  if (known) return known

  const { sources } = environmentOf(definitions)
  const kept = Object.fromEntries(segments.map((one) => [one.id, one.body as SegmentRule]))
  const inside = Object.fromEntries(named.map((one) => [one.id, one.body as SegmentRule]))
  const environment: Environment = {
    sources,
    segments: { ...kept, ...inside },
    lists: Object.fromEntries(lists.map((one) => [one.id, EMPTY])),
  }
  const byId = new Map([...segments, ...named].map((one) => [one.id, one]))
  const needs = new Map(Object.entries(kept).map(([segment, { where }]) => [segment, dependenciesOf({ rule: where, source, environment })]))
  const prints = new Map<string, string>()
  for (const segment of inOrder(environment.segments!)) {
    const inner = segmentsIn(environment.segments![segment]!.where).map((one) => prints.get(one) ?? one)
    const looked = needs.get(segment)?.members.size ? theirs : []
    prints.set(segment, [own!, ...looked, byId.get(segment)!].map(pinOf).concat(inner).join(' '))
  }
  return keep(compiled, id, {
    id,
    source: (own?.body as Source | undefined) ?? null,
    environment,
    book: segmentBook({ environment, versions: Object.fromEntries([...byId.values()].map((one) => [one.id, one.version])) }),
    segments: new Map(
      Object.entries(kept).map(([segment, { where }]) => [
        segment,
        {
          version: byId.get(segment)!.version,
          rule: where,
          print: prints.get(segment)!,
          needs: needs.get(segment)!,
        },
      ]),
    ),
  })
}

/** Sources whose customers belong to those of this one. */
const membersOf = (source: Source): readonly string[] =>
  Object.values(source.relations ?? {}).flatMap((of) => ('columns' in of ? [] : [of.source]))

/** Of some segments those that others name, however deep. */
function segmentsNamed(by: readonly StoredDefinition[], of: readonly StoredDefinition[]): readonly StoredDefinition[] {
  const byId = new Map(of.map((one) => [one.id, one]))
  const found = new Set<StoredDefinition>()
  const visit = (one: StoredDefinition): void => {
    for (const id of segmentsIn((one.body as SegmentRule).where)) {
      const inner = byId.get(id)
      if (!inner || found.has(inner)) continue
      found.add(inner)
      visit(inner)
    }
  }
  by.forEach(visit)
  return [...found]
}

const pinOf = ({ kind, id, version, hash }: StoredDefinition): string => `${kind}/${id}@${version}#${hash}`

/** Keeps what was made; when there are too many the oldest goes. */
function keep<K, T>(of: Map<K, T>, key: K, value: T): T {
  if (of.size >= MOST) of.delete(of.keys().next().value!)
  of.set(key, value)
  return value
}
