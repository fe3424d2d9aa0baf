import { compiler, type Entity, type EntityTest } from '../rules/compile.ts'
import { type Environment, inOrder } from '../rules/environment.ts'
import { type Changed, type Dependencies, dependenciesOf, touches } from './dependencies.ts'
import { lookAtNext } from './look-at.ts'

/** Where a customer stands: the segments they are in, and when time has to be looked at again. */
export interface Memberships {
  readonly asOf: number
  /** Segments the customer is in, since when and by which version of the rule. */
  readonly in: { readonly [segment: string]: { readonly since: number; readonly version: number } }
  /** When a segment's answer can next change by time alone. */
  readonly lookAt: { readonly [segment: string]: number }
}

/** A customer who was never looked at. */
export const NO_MEMBERSHIPS: Memberships = Object.freeze({ asOf: Number.NEGATIVE_INFINITY, in: {}, lookAt: {} })

/** One flip. `cause` is the host's fact or change, `time`, or `rule` for an edited one. */
export interface MembershipEvent {
  readonly type: 'segments.entered' | 'segments.exited'
  readonly segment: string
  readonly version: number
  readonly customer: string
  readonly at: number
  readonly cause: string
}

export interface Settled {
  readonly memberships: Memberships
  readonly events: readonly MembershipEvent[]
  /** Rules that were asked. */
  readonly evaluated: number
}

/** The segments of a tenant, compiled, with what each depends on. */
export interface SegmentBook {
  /** Segments of a source whose answer a change can flip, each behind those it names. */
  affected(i: { readonly source: string; readonly changed: Changed }): readonly string[]
  /** Asks segments about a customer as they are at an instant; all of the source, or only some. Exactly one event a flip. */
  settle(i: {
    readonly source: string
    readonly entity: Entity
    readonly before: Memberships
    readonly at: number
    readonly cause: string
    readonly only?: Iterable<string>
  }): Settled
  /** Lets time pass over a customer who stays as they are: each exit and entry is dated at its own instant. */
  passTime(i: { readonly source: string; readonly entity: Entity; readonly before: Memberships; readonly to: number }): Settled
  /** Whether a customer holds a segment's rule; never, where the segment is not in the book. */
  test(segment: string): EntityTest
}

/** Opens the book of all segments and the versions their rules have. */
export function segmentBook(i: {
  readonly environment: Environment
  readonly versions?: { readonly [segment: string]: number }
}): SegmentBook {
  const { environment, versions = {} } = i
  const compiled = compiler(environment)
  const pages = inOrder(environment.segments ?? {}).map((id) => {
    const { source, where } = environment.segments![id]!
    return {
      id,
      source,
      where,
      version: versions[id] ?? 1,
      test: compiled.segment(id),
      needs: dependenciesOf({ rule: where, source, environment }),
    }
  })
  const byId = new Map<string, Page>(pages.map((page) => [page.id, page]))

  const settle: SegmentBook['settle'] = ({ source, entity, before, at, cause, only }) => {
    const asked = only ? [...only].flatMap((id) => byId.get(id) ?? []) : pages
    const inside = { ...before.in }
    const lookAt = { ...before.lookAt }
    const events: MembershipEvent[] = []
    let evaluated = 0
    const flip = (segment: string, version: number, entered: boolean) => {
      events.push({ type: entered ? 'segments.entered' : 'segments.exited', segment, version, customer: entity.id, at, cause })
      if (entered) inside[segment] = { since: at, version }
      else delete inside[segment]
    }
    for (const page of asked) {
      if (page.source !== source) continue
      evaluated++
      const is = page.test(entity, at)
      if (is !== Object.hasOwn(inside, page.id)) flip(page.id, page.version, is)
      const next = lookAtNext({ rule: page.where, source, environment, entity, now: at })
      if (next === null) delete lookAt[page.id]
      else lookAt[page.id] = next
    }
    // segments that are gone, or ask about other customers now, have no members among these
    const isHere = (segment: string) => byId.get(segment)?.source === source
    for (const [segment, { version }] of Object.entries(inside)) if (!isHere(segment)) flip(segment, version, false)
    for (const segment of Object.keys(lookAt)) if (!isHere(segment)) delete lookAt[segment]
    return { memberships: { asOf: Math.max(before.asOf, at), in: inside, lookAt }, events, evaluated }
  }

  return {
    settle,
    test: (segment) => byId.get(segment)?.test ?? (() => false),
    affected: ({ source, changed }) => pages.filter((page) => page.source === source && touches(changed, page.needs)).map(({ id }) => id),
    passTime: ({ source, entity, before, to }) => {
      let memberships = before
      const events: MembershipEvent[] = []
      let evaluated = 0
      for (;;) {
        const at = nextLookAt(memberships)
        if (at === null || at > to) break
        const only = Object.keys(memberships.lookAt).filter((segment) => memberships.lookAt[segment]! <= at)
        const settled = settle({ source, entity, before: memberships, at, cause: 'time', only })
        memberships = settled.memberships
        events.push(...settled.events)
        evaluated += settled.evaluated
      }
      return { memberships: { ...memberships, asOf: Math.max(memberships.asOf, to) }, events, evaluated }
    },
  }
}

interface Page {
  readonly id: string
  readonly source: string
  readonly where: Parameters<typeof dependenciesOf>[0]['rule']
  readonly version: number
  readonly test: EntityTest
  readonly needs: Dependencies
}

/** When time has to be looked at for this customer: the instant for a timer; null where it never has to. */
export function nextLookAt(of: Memberships): number | null {
  const all = Object.values(of.lookAt)
  return all.length === 0 ? null : all.reduce((first, at) => Math.min(first, at))
}

/** The segments a customer was in at an instant, by the events up to and with it. */
export function membersAt(i: { readonly events: Iterable<MembershipEvent>; readonly at: number }): ReadonlySet<string> {
  const inside = new Set<string>()
  for (const { type, segment, at } of i.events) {
    if (at > i.at) continue
    if (type === 'segments.entered') inside.add(segment)
    else inside.delete(segment)
  }
  return inside
}
