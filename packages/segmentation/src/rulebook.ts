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
import { type Source, sourceSchema } from './rules/source.ts'
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
}

type Mark = ReturnType<typeof markReads>

/** Finds the rules of customers and keeps what was compiled. */
export interface Rulebook {
  /** What tells whether anything was published since; it travels with other reads. */
  readonly mark: Mark
  shelf(ctx: Context, answers: MarkAnswers): Operation<Shelf>
}

type AnswerOf<A> = A extends Asking<infer T> ? T : never
export type MarkAnswers = readonly [readonly Fold[], AnswerOf<Mark[1]>]

const MOST = 1_000

export function createRulebook(): Rulebook {
  const shelves = new Map<string, { readonly mark: string; readonly shelf: StoredShelf }>()
  const compiled = new Map<string, Rules>()
  return {
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
  return {
    at: (now) => ({
      timeline,
      definitions,
      now: (source) => timeline(source, everything).at(now),
      get environment() {
        return everythingAt(now).environment
      },
      version: (kind, id) => everythingAt(now).versions.get(`${kind}/${id}`) ?? 0,
    }),
  }
}

function timelineOf(source: string, definitions: readonly StoredDefinition[], horizon: number, compiled: Map<string, Rules>): Timeline {
  const from = (one: StoredDefinition) => (one.publishedAt <= horizon ? one.effectiveFrom : Math.max(one.effectiveFrom, one.publishedAt))
  const starts = [...new Set(definitions.map(from))].sort((a, b) => a - b)
  const rules = new Map<number, Rules>()
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

function rulesOf(source: string, definitions: readonly StoredDefinition[], compiled: Map<string, Rules>): Rules {
  const ofKind = (kind: string) => definitions.filter((one) => one.kind === kind)
  const own = ofKind('source').find(({ id }) => id === source)
  // without its source a segment has nobody to ask about, and those of a table are asked there
  const segments =
    own && (own.body as Source).table === undefined ? ofKind('segment').filter(({ body }) => (body as SegmentRule).source === source) : []
  const lists = ofKind('segment-list').filter(({ body }) => (body as CustomerList).source === source)
  const pins = [...(own ? [own] : []), ...lists, ...segments].map(pinOf).sort()
  const id = sha256Hex([source, ...pins].join('\n')).slice(0, 24)
  const known = compiled.get(id)
  if (known) return known

  const { sources } = environmentOf(definitions)
  const kept = Object.fromEntries(segments.map((one) => [one.id, one.body as SegmentRule]))
  const environment: Environment = { sources, segments: kept, lists: Object.fromEntries(lists.map((one) => [one.id, EMPTY])) }
  const byId = new Map(segments.map((one) => [one.id, one]))
  const prints = new Map<string, string>()
  for (const segment of inOrder(kept)) {
    const named = segmentsIn(kept[segment]!.where).map((inner) => prints.get(inner) ?? inner)
    prints.set(segment, [own && pinOf(own), pinOf(byId.get(segment)!), ...named].join(' '))
  }
  return keep(compiled, id, {
    id,
    source: (own?.body as Source | undefined) ?? null,
    environment,
    book: segmentBook({ environment, versions: Object.fromEntries(segments.map((one) => [one.id, one.version])) }),
    segments: new Map(
      Object.entries(kept).map(([segment, { where }]) => [
        segment,
        {
          version: byId.get(segment)!.version,
          rule: where,
          print: prints.get(segment)!,
          needs: dependenciesOf({ rule: where, source, environment }),
        },
      ]),
    ),
  })
}

const pinOf = ({ kind, id, version, hash }: StoredDefinition): string => `${kind}/${id}@${version}#${hash}`

/** Keeps what was made; when there are too many the oldest goes. */
function keep<K, T>(of: Map<K, T>, key: K, value: T): T {
  if (of.size >= MOST) of.delete(of.keys().next().value!)
  of.set(key, value)
  return value
}
