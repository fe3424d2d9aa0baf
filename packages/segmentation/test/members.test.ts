import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  compileRule,
  did,
  type Entity,
  type Environment,
  field,
  type MembershipEvent,
  type Memberships,
  membersAt,
  NO_MEMBERSHIPS,
  nextLookAt,
  not,
  type Rule,
  segmentBook,
} from '../src/index.ts'
import { rules } from '../src/testing.ts'
import { entitiesOf, environment, NOW, pools, shops } from './shop.ts'

const DAY = 86_400_000

describe('memberships over time', () => {
  const segments = {
    active: { source: 'customers', where: did('order', { within: { days: 7 } }) },
    lapsed: { source: 'customers', where: not({ op: 'segment', segment: 'active' } as Rule) },
  }
  const book = segmentBook({ environment: { ...environment, segments }, versions: { active: 3 } })
  const entity: Entity = { id: 'c1', values: {}, facts: [{ type: 'order', at: NOW }] }
  const entered = book.settle({ source: 'customers', entity, before: NO_MEMBERSHIPS, at: NOW, cause: 'order_91' })

  test('entering says which version of the rule, and what was the cause', () => {
    expect(entered.events).toEqual([
      { type: 'segments.entered', segment: 'active', version: 3, customer: 'c1', at: NOW, cause: 'order_91' },
    ])
    expect(nextLookAt(entered.memberships)).toBe(NOW + 7 * DAY)
  })
  test('nothing happens, and time leads out at its own instant, however late it is looked at', () => {
    const later = book.passTime({ source: 'customers', entity, before: entered.memberships, to: NOW + 30 * DAY })
    expect(later.events.map(({ type, segment, at, cause }) => [type, segment, at - NOW, cause])).toEqual([
      ['segments.exited', 'active', 7 * DAY, 'time'],
      ['segments.entered', 'lapsed', 7 * DAY, 'time'],
    ])
    expect(book.passTime({ source: 'customers', entity, before: later.memberships, to: NOW + 60 * DAY }).events).toEqual([])
    expect(membersAt({ events: [...entered.events, ...later.events], at: NOW + 7 * DAY - 1 })).toEqual(new Set(['active']))
  })
  test('a change touches the rules that depend on it, and no other', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [
        `s${n}`,
        { source: 'customers', where: n === 7 ? field('spend').gte('100') : field('visits').gte(n) },
      ]),
    )
    const of = segmentBook({ environment: { ...environment, segments: many } })
    const only = of.affected({ source: 'customers', changed: { columns: ['spend'] } })
    expect(only).toEqual(['s7'])
    expect(of.settle({ source: 'customers', entity, before: NO_MEMBERSHIPS, at: NOW, cause: 'x', only }).evaluated).toBe(1)
  })
})

type Step =
  | { readonly do: 'tick'; readonly by: number }
  | { readonly do: 'fact'; readonly n: number; readonly by: number }
  | { readonly do: 'column'; readonly name: string; readonly n: number; readonly by: number }
  | { readonly do: 'rule'; readonly segment: string; readonly where: Rule }

const rule = rules({ fc, source: 'customers', environment: { ...environment, segments: {} }, pools })
const names = ['a', 'b', 'c']
const by = fc.constantFrom(0, 1, 3_600_000, DAY, DAY - 1, 7 * DAY, 30 * DAY)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('tick' as const), by }),
  fc.record({ do: fc.constant('fact' as const), n: fc.nat(100), by }),
  fc.record({
    do: fc.constant('column' as const),
    name: fc.constantFrom('visits', 'spend', 'seen', 'born', 'region', 'status', 'statusSince', 'vip'),
    n: fc.nat(100),
    by,
  }),
  fc.record({ do: fc.constant('rule' as const), segment: fc.constantFrom(...names), where: rule }),
)

test('kept step by step, memberships are those of a full recount, at every instant', () => {
  fc.assert(
    fc.property(shops, fc.tuple(rule, rule, rule), fc.array(step, { minLength: 1, maxLength: 12 }), (shop, where, steps) => {
      let [entity, donor] = entitiesOf(shop).customers as unknown as [Entity, Entity]
      let segments: NonNullable<Environment['segments']> = {
        ...Object.fromEntries(names.map((id, n) => [id, { source: 'customers', where: where[n]! }])),
        nested: {
          source: 'customers',
          where: {
            op: 'any',
            of: [
              { op: 'segment', segment: 'a' },
              { op: 'not', of: { op: 'segment', segment: 'b' } },
            ],
          },
        },
      }
      const versions: Record<string, number> = {}
      const bookOf = () => segmentBook({ environment: { ...environment, segments }, versions })
      let book = bookOf()
      let now = NOW
      const ledger: MembershipEvent[] = []
      const full = (at: number) =>
        Object.keys(segments)
          .filter((id) =>
            compileRule({ rule: { op: 'segment', segment: id }, source: 'customers', environment: { ...environment, segments } }).test(
              entity,
              at,
            ),
          )
          .sort()
      const take = ({ memberships: found, events }: { memberships: Memberships; events: readonly MembershipEvent[] }) => {
        ledger.push(...events)
        return found
      }
      let state = take(book.settle({ source: 'customers', entity, before: NO_MEMBERSHIPS, at: now, cause: 'start' }))
      for (const one of steps) {
        const from = now
        if ('by' in one) now += one.by
        // halfway, the last millisecond, and wherever something enters or leaves a window of whole days
        const moments = [
          ...(entity.facts ?? []).map((fact) => Number(fact.at)),
          ...['seen', 'statusSince'].map((name) => Number(entity.values[name] ?? Number.NaN)),
        ]
        const edges = moments.flatMap((ms) => [1, 2, 3, 6, 7, 14, 21, 30, 90].flatMap((days) => [ms + days * DAY, ms - days * DAY]))
        const between = [from, from + Math.floor((now - from) / 2), now - 1, ...edges]
          .filter((at) => at >= from && at < now)
          .map((at) => [at, full(at)] as const)
        state = take(book.passTime({ source: 'customers', entity, before: state, to: now }))
        for (const [at, wanted] of between) expect([...membersAt({ events: ledger, at })].sort()).toEqual(wanted)
        if (one.do === 'fact') {
          const facts = donor.facts ?? []
          const fact = {
            type: ['order', 'visit', 'call'][one.n % 3]!,
            at: now,
            values: facts.length > 0 ? facts[one.n % facts.length]!.values! : {},
          }
          entity = { ...entity, facts: [...(entity.facts ?? []), fact] }
          state = take(
            book.settle({
              source: 'customers',
              entity,
              before: state,
              at: now,
              cause: 'fact',
              only: book.affected({ source: 'customers', changed: { events: [fact.type] } }),
            }),
          )
        } else if (one.do === 'column') {
          entity = { ...entity, values: { ...entity.values, [one.name]: donor.values[one.name] } }
          donor = entitiesOf(shop).customers[one.n % 12]!
          state = take(
            book.settle({
              source: 'customers',
              entity,
              before: state,
              at: now,
              cause: 'column',
              only: book.affected({ source: 'customers', changed: { columns: [one.name] } }),
            }),
          )
        } else if (one.do === 'rule') {
          segments = { ...segments, [one.segment]: { source: 'customers', where: one.where } }
          versions[one.segment] = (versions[one.segment] ?? 1) + 1
          book = bookOf()
          state = take(book.settle({ source: 'customers', entity, before: state, at: now, cause: 'rule' }))
        }
        expect(Object.keys(state.in).sort()).toEqual(full(now))
        expect([...membersAt({ events: ledger, at: now })].sort()).toEqual(full(now))
      }
      // exactly one event a flip: entering and leaving take turns
      for (const id of Object.keys(segments)) {
        const flips = ledger.filter(({ segment }) => segment === id).map(({ type }) => type)
        flips.forEach((type, n) => void expect(type).toBe(n % 2 === 0 ? 'segments.entered' : 'segments.exited'))
      }
    }),
    { ...runs(1_000, 'segmentation: histories kept step by step against full recounts'), endOnFailure: true },
  )
})
