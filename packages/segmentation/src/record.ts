import { type Instant, PatronkitError } from '@patronkit/core'
import {
  type Context,
  canonicalJson,
  commit,
  type Happened,
  type Json,
  nowFor,
  type Operation,
  parse,
  toIso,
} from '@patronkit/core/service'
import { answerOf, type CustomerSegments } from './answer.ts'
import { type Asked, MOST_FACTS, readWithOwners, type Stored } from './customer.ts'
import type { Told } from './decide.ts'
import { keptValues } from './profile.ts'
import { keptSource } from './publish.ts'
import { customerTwice, tooManyFacts, wrong } from './refusals.ts'
import { type CustomerState, type FactRow, factOf } from './rows.ts'
import type { Rulebook, Shelf } from './rulebook.ts'
import { under } from './rules/compile.ts'
import type { Values } from './rules/leaf.ts'
import type { Source } from './rules/source.ts'
import { type RecordInput, recordManySchema, recordSchema } from './schema.ts'
import { type Heard, tell, unitsOf } from './tell.ts'
import type { Telling } from './telling.ts'

declare global {
  interface PatronkitEvents {
    'segments.recorded': {
      readonly source: string
      readonly customer: string
      readonly facts: readonly { readonly id: string; readonly type: string; readonly at: string; readonly values: Json }[]
      readonly profile: Json
      readonly related: Json
      /** Since when profile and related rows are so. */
      readonly at: string
    }
  }
}

/** Something a customer did. */
export interface CustomerFact {
  readonly id: string
  readonly type: string
  readonly at: Instant
  readonly values?: Values
}

/** What is told about one customer. A call whose facts are all known is a repetition and changes nothing. */
export interface RecordCustomer {
  readonly source: string
  readonly customer: string
  /** Columns as they are from `at` on; those that are not named stay. Null takes one away. */
  readonly profile?: Values
  /** Related rows as they are from `at` on; each relation that is named is replaced. */
  readonly related?: { readonly [relation: string]: readonly Values[] }
  /** When `profile` and `related` became so. Default: the clock. */
  readonly at?: Instant
  readonly facts: readonly CustomerFact[]
}

/** Where a customer stands now, and what the call itself changed. */
export interface CustomerRecorded extends CustomerSegments {
  readonly entered: readonly string[]
  readonly left: readonly string[]
  /** How many rules were asked. */
  readonly asked: number
}

export function* record(book: Rulebook, ctx: Context, i: RecordCustomer): Operation<CustomerRecorded> {
  const given = parse(recordSchema, i, 'record')
  const { stored, shelf } = yield* readWithOwners(book, ctx, [askedOf(given)])
  const telling = tellingOf(ctx, shelf, stored[0]!, given)
  const hearing = yield* tell(ctx, shelf, [telling])
  yield* commit(unitsOf(hearing, () => hasNews(telling)))
  return recorded(telling, hearing.heard[0]!)
}

/** The same for up to 1,000 different customers in one commit. */
export function* recordMany(
  book: Rulebook,
  ctx: Context,
  i: { readonly customers: readonly RecordCustomer[] },
): Operation<readonly CustomerRecorded[]> {
  const { customers: given } = parse(recordManySchema, i, 'recordMany')
  const seen = new Set<string>()
  for (const { source, customer } of given) {
    if (seen.has(`${source}/${customer}`)) throw customerTwice({ source, customer })
    seen.add(`${source}/${customer}`)
  }
  const { stored, shelf } = yield* readWithOwners(book, ctx, given.map(askedOf))
  const tellings = given.map((one, n) => tellingOf(ctx, shelf, stored[n]!, one))
  const hearing = yield* tell(ctx, shelf, tellings)
  yield* commit(unitsOf(hearing, (n) => hasNews(tellings[n]!)))
  return tellings.map((telling, n) => recorded(telling, hearing.heard[n]!))
}

const hasNews = ({ told }: Telling): boolean => told.length > 0

function recorded({ stored, told }: Telling, { decision, now, touched }: Heard): CustomerRecorded {
  const isNews = told.length > 0 || touched
  const flips = isNews ? decision.flips : []
  const of = (type: string) => flips.filter((flip) => flip.type === type).map(({ segment }) => segment)
  return {
    ...answerOf(stored.ref, now),
    entered: of('segments.entered'),
    left: of('segments.exited'),
    asked: isNews ? decision.asked : 0,
  }
}

const askedOf = ({ source, customer, facts, profile, at }: RecordInput): Asked => ({
  ref: { source, customer },
  factIds: facts.map(({ id }) => id),
  ...(profile ? { profile } : {}),
  ...(at === undefined ? {} : { at }),
})

/** What is new in a call. */
function tellingOf(ctx: Context, shelf: Shelf, stored: Stored, given: RecordInput): Telling {
  const { source, customer, facts } = given
  const of = keptSource(shelf.environment, source)
  const now = nowFor(ctx, stored.head)
  const at = given.at ?? now
  const arrived = stored.state?.facts ?? 0
  const rows = facts.map(
    (fact, n): FactRow => ({
      source,
      customer,
      fact: fact.id,
      type: fact.type,
      at: fact.at,
      arrival: arrived + n + 1,
      data: fact.values === undefined ? null : keptValues(fact.values, of.facts?.columns ?? {}, `facts.${n}.values`),
    }),
  )
  const fresh = freshFacts(stored.known, rows).map((row, n) => ({ ...row, arrival: arrived + n + 1 }))
  if (arrived + fresh.length > MOST_FACTS) throw tooManyFacts({ source, customer }, MOST_FACTS)
  const isRepeated = facts.length > 0 && fresh.length === 0
  const profile = given.profile === undefined ? undefined : keptValues(given.profile, of.columns, 'profile')
  const related = given.related === undefined ? undefined : relatedRows(given.related, of)
  const told: Told[] = fresh.map((row) => ({ at: row.at, cause: `fact/${row.fact}`, fact: factOf(row) }))
  const tellsOfThemselves = (profile || related) && !isRepeated && (stored.state === null || differs(stored.state, profile, related))
  if (tellsOfThemselves)
    told.push({ at, cause: profile ? 'profile' : 'related', ...(profile ? { profile } : {}), ...(related ? { related } : {}) })
  // a customer of whom nothing is told but that they are
  else if (!stored.state && told.length === 0) told.push({ at, cause: 'profile', profile: {} })
  if (told.length === 0) return { stored, told }
  const data = {
    source,
    customer,
    facts: fresh.map((row) => ({ id: row.fact, type: row.type, at: toIso(row.at), values: row.data })),
    profile: tellsOfThemselves ? (profile ?? null) : null,
    related: tellsOfThemselves ? ((related ?? null) as Json) : null,
    at: toIso(at),
  }
  const events: readonly Happened[] = [{ type: 'segments.recorded', v: 1, at: Math.min(now, ...told.map((one) => one.at)), data }]
  return { stored, told, facts: fresh, events }
}

function relatedRows(given: NonNullable<RecordInput['related']>, of: Source): CustomerState['related'] {
  return Object.fromEntries(
    Object.entries(given).map(([name, rows]) => {
      const relation = of.relations && Object.hasOwn(of.relations, name) ? of.relations[name]! : null
      if (!relation || !('columns' in relation)) {
        const known = Object.entries(of.relations ?? {}).flatMap(([one, is]) => ('columns' in is ? [one] : []))
        throw wrong(`related.${name}`, 'is no relation with rows of its own', `Name one of: ${known.join(', ') || 'none are declared'}.`)
      }
      return [name, rows.map((row, n) => keptValues(row, relation.columns, `related.${name}.${n}`))]
    }),
  )
}

/** Whether what is told is not what is known already. */
function differs(
  { profile, related }: CustomerState,
  given: { readonly [column: string]: Json } | undefined,
  rows: CustomerState['related'] | undefined,
): boolean {
  const other = (a: unknown, b: unknown) => JSON.stringify(a ?? null) !== JSON.stringify(b ?? null)
  return (
    Object.entries(given ?? {}).some(([name, value]) => other(Object.hasOwn(profile.values, name) ? profile.values[name] : null, value)) ||
    Object.entries(rows ?? {}).some(([name, of]) => other(under(related, name), of))
  )
}

/** The facts that are new; one that stands twice in a call counts once, as it would in two calls. */
function freshFacts(known: readonly FactRow[], given: readonly FactRow[]): readonly FactRow[] {
  const fresh: FactRow[] = []
  for (const row of given) if (!isKnown(known, row) && !isKnown(fresh, row)) fresh.push(row)
  return fresh
}

function isKnown(known: readonly FactRow[], row: FactRow): boolean {
  const stored = known.find(({ fact }) => fact === row.fact)
  if (!stored) return false
  const found = (['type', 'at', 'data'] as const).filter((part) => canonicalJson(stored[part]) !== canonicalJson(row[part]))
  if (found.length === 0) return true
  const names = found.map((part) => (part === 'data' ? 'values' : part))
  throw new PatronkitError({
    code: 'core/idempotency-conflict',
    message: `fact ${row.fact} of this customer was recorded before with another ${names.join(', ')}. Give each fact its own id, and send a repeated one unchanged.`,
    details: { idempotencyKey: row.fact, differs: names },
  })
}
