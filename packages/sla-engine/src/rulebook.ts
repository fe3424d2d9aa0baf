import {
  type AnyCalendar,
  alwaysOpen,
  type CalendarBody,
  type CalendarDefinition,
  calendarBody,
  compileCalendar,
  inZone,
  versionCalendar,
  type WorkingCalendar,
} from '@patronkit/business-time/calendar'
import { PatronkitError } from '@patronkit/core'
import { allDefinitions, type Context, definitionsMark, type Operation, type Pinned, type StoredDefinition } from '@patronkit/core/service'
import type { Agreed, Book, Books } from './book.ts'
import type { BookRef } from './model.ts'
import { rotationSchema } from './oncall/define.ts'
import { onCall } from './oncall/on-call.ts'
import type { Rotation, RotationDefinition } from './oncall/rotation.ts'
import { AROUND_THE_CLOCK, calendarIdsOf, type Policy } from './policy.ts'
import { policySchema } from './policy-schema.ts'

/** The kinds of definition this package publishes. */
export const KINDS = { calendar: calendarBody, rotation: rotationSchema, 'sla-policy': policySchema }

/** Finds the books of items and keeps what was compiled. */
export interface Rulebook {
  /** Looks at what is published, and then says what holds for an item opened at `at`, of all that is published by now or was by then. */
  refs(ctx: Context): Operation<(at: number, knownAt?: number) => BookRef>
  /** The books of these references, ready to be asked for. */
  books(ctx: Context, refs: readonly BookRef[]): Operation<Books>
  /** The same for one command over many items: what is published is looked at once. */
  steady(): Rulebook
}

/** All that a tenant had published at one time. */
interface Shelf {
  readonly mark: string
  readonly definitions: readonly StoredDefinition[]
}

const MOST = 1_000

export function createRulebook(): Rulebook {
  const shelves = new Map<string, Shelf>()
  const books = new Map<string, Book>()
  const policies = new Map<string, Policy>()
  const calendars = new Map<string, WorkingCalendar>()

  function* shelfOf(ctx: Context): Operation<Shelf> {
    const mark = yield* definitionsMark(ctx, Object.keys(KINDS))
    const known = shelves.get(ctx.tenant)
    if (known?.mark === mark) return known
    const shelf = { mark, definitions: yield* allDefinitions(ctx, Object.keys(KINDS)) }
    keep(shelves, ctx.tenant, shelf)
    return shelf
  }

  /** Calendars with the same versions are one object, so that what nobody changed is seen to be the same. */
  function calendarFrom(versions: readonly StoredDefinition[], zone: string | null): WorkingCalendar {
    const key = `${versions.map((version) => `${version.hash}@${version.effectiveFrom}`).join(' ')} ${zone}`
    return kept(calendars, key, () => {
      const parts = versions.map((version) => ({ from: version.effectiveFrom, calendar: definitionOf(version, zone) }))
      const [first] = parts
      if (parts.length === 1) return compileCalendar({ calendar: first!.calendar })
      return versionCalendar({
        versions: parts.map(({ from, calendar }, n): { from?: number; calendar: AnyCalendar } =>
          n === 0 ? { calendar } : { from, calendar },
        ),
      })
    })
  }

  function compile(ref: BookRef, known: readonly StoredDefinition[]): Book {
    const inForce = (kind: string) => latestById(known.filter((one) => one.kind === kind && one.effectiveFrom <= ref.at))
    const agreed = [...inForce('sla-policy').values()].map(
      (stored): Agreed => ({ policy: kept(policies, stored.hash, () => policySchema.parse(stored.body)), pin: pinOf(stored) }),
    )
    const versions = Map.groupBy(
      known.filter((one) => one.kind === 'calendar'),
      (one) => one.id,
    )
    const pins = inForce('calendar')
    const rotations = inForce('rotation')
    const hours = new Map<string, WorkingCalendar>()
    for (const { policy, pin } of agreed) {
      const missing = calendarIdsOf(policy).find((id) => id !== AROUND_THE_CLOCK && !pins.has(id))
      if (missing !== undefined) throw calendarMissing(pin.id, missing, ref.at)
    }
    return {
      ref,
      policies: agreed.sort(inOrder),
      byId: new Map(agreed.map((one) => [one.pin.id, one])),
      calendar: (id, zone) => {
        if (id === AROUND_THE_CLOCK) return alwaysOpen
        const key = zone === null ? id : `${id} ${zone}`
        return kept(hours, key, () => calendarFrom(inSequence(versions.get(id)!), zone))
      },
      calendarPin: (id) => (pins.has(id) ? pinOf(pins.get(id)!) : null),
      onCall: (id, at) => {
        const stored = rotations.get(id)
        if (!stored) return []
        return onCall({ rotation: rotationFrom(stored), at }).map(({ layer, person }) => ({ rotation: id, layer, person }))
      },
    }
  }

  const over = (shelf: (ctx: Context) => Operation<Shelf>): Rulebook => ({
    refs: function* (ctx) {
      const { definitions } = yield* shelf(ctx)
      return (at, knownAt) => refAt(knownAt === undefined ? definitions : definitions.filter((one) => one.publishedAt <= knownAt), at)
    },
    books: function* (ctx, refs) {
      const found = new Map<string, Book>()
      for (const ref of refs) {
        const key = keyOf(ref)
        if (found.has(key)) continue
        const cached = books.get(`${ctx.tenant} ${key}`)
        if (cached) found.set(key, cached)
        else {
          const { definitions } = yield* shelf(ctx)
          const book = compile(
            ref,
            definitions.filter((one) => one.publishedAt <= ref.knownAt),
          )
          // while a definition may still be published in this very millisecond, the next item looks again
          if (ref.knownAt < ctx.now) keep(books, `${ctx.tenant} ${key}`, book)
          found.set(key, book)
        }
      }
      return (ref) => found.get(keyOf(ref))!
    },
    steady: () => {
      let seen: Shelf | undefined
      return over(function* (ctx) {
        seen ??= yield* shelf(ctx)
        return seen
      })
    },
  })
  return over(shelfOf)
}

const keyOf = (ref: BookRef): string => `${ref.at} ${ref.knownAt}`

/** The reference of what is in force at an instant: the same for all items between two changes, so that they share a book. */
function refAt(definitions: readonly StoredDefinition[], at: number): BookRef {
  let [from, knownAt] = [0, 0]
  for (const { effectiveFrom, publishedAt } of definitions) {
    if (effectiveFrom <= at && effectiveFrom > from) from = effectiveFrom
    if (publishedAt > knownAt) knownAt = publishedAt
  }
  return { at: from, knownAt }
}

/** Of each id the version that counts: the one in force from the latest instant, of equal ones the newest. */
function latestById(versions: readonly StoredDefinition[]): ReadonlyMap<string, StoredDefinition> {
  const found = new Map<string, StoredDefinition>()
  for (const one of versions) {
    const other = found.get(one.id)
    if (!other || one.effectiveFrom > other.effectiveFrom || (one.effectiveFrom === other.effectiveFrom && one.version > other.version)) {
      found.set(one.id, one)
    }
  }
  return found
}

/** The versions of a calendar one behind the other; of those from one instant on the newest counts. */
function inSequence(versions: readonly StoredDefinition[]): readonly StoredDefinition[] {
  const byStart = new Map<number, StoredDefinition>()
  for (const one of [...versions].sort((a, b) => a.version - b.version)) byStart.set(one.effectiveFrom, one)
  return [...byStart.values()].sort((a, b) => a.effectiveFrom - b.effectiveFrom)
}

function definitionOf(stored: StoredDefinition, zone: string | null): CalendarDefinition {
  const calendar: CalendarDefinition = { kind: 'calendar', id: stored.id, hash: stored.hash, body: stored.body as CalendarBody }
  return zone === null ? calendar : inZone(calendar, zone)
}

const rotationFrom = ({ id, hash, body }: StoredDefinition): RotationDefinition => ({ kind: 'rotation', id, hash, body: body as Rotation })

const pinOf = ({ id, version, hash }: StoredDefinition): Pinned => ({ id, version, hash })

const DEFAULT_ORDER = 100

const inOrder = (a: Agreed, b: Agreed): number =>
  (a.policy.order ?? DEFAULT_ORDER) - (b.policy.order ?? DEFAULT_ORDER) || (a.pin.id < b.pin.id ? -1 : 1)

function keep<T>(of: Map<string, T>, key: string, value: T): T {
  if (of.size >= MOST) of.delete(of.keys().next().value!)
  of.set(key, value)
  return value
}

/** Looks up or makes; when there are too many the oldest goes. */
const kept = <T>(of: Map<string, T>, key: string, make: () => T): T => of.get(key) ?? keep(of, key, make())

const calendarMissing = (policy: string, calendar: string, at: number) =>
  new PatronkitError({
    code: 'sla/calendar-not-published',
    message: `policy ${policy} counts on calendar ${calendar}, of which no version is in force at ${new Date(at).toISOString()}. Publish the calendar, effective from then or before.`,
    details: { policy, calendar },
  })
