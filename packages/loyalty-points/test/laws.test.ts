import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import {
  type AccountState,
  balanceAt,
  decide,
  decideMerge,
  decideTransfer,
  decideUnmerge,
  entriesOf,
  type Programme,
  tierAt,
  verifyLedger,
} from '../src/index.ts'
import { evolveAll, given, NOBODY, opened, passTime } from '../src/testing.ts'
import { anyProgramme, cents, DAY, eur, moves, programmes, START, tell } from './histories.ts'
import { check, patience } from './settings.ts'

const law = (title: string, property: fc.IProperty<unknown> | fc.IRawProperty<unknown>) =>
  test(title, { timeout: patience }, () => {
    fc.assert(property as fc.IProperty<unknown>, check)
  })

const anyHistory = fc.record({ list: moves, of: anyProgramme })

/** A state without the marks that only time leaves. */
const facts = ({ asOf: _, ...state }: AccountState) => state

describe('any history of commands', () => {
  law(
    'keeps the laws of the ledger: sums, lots, holds, refunds, each posting once (I1, I2, I4, I5, I7)',
    fc.property(anyHistory, ({ list, of }) => {
      expect(verifyLedger(tell(list, of.programme).events)).toBeNull()
    }),
  )

  law(
    'gives its account again when its events are replayed (I8)',
    fc.property(anyHistory, ({ list, of }) => {
      const told = tell(list, of.programme)
      expect(facts(evolveAll(NOBODY, told.events))).toEqual(facts(told.state))
      expect(evolveAll(NOBODY, JSON.parse(JSON.stringify(told.events)))).toEqual(evolveAll(NOBODY, told.events))
    }),
  )

  law(
    'never spends what is not there, and owes at most down to the floor (I3)',
    fc.property(anyHistory, ({ list, of }) => {
      for (const { before, now, command } of tell(list, of.programme).steps) {
        const { available, debt, posted, held } = balanceAt(before, of.programme, now)
        expect(debt).toBeLessThanOrEqual(of.programme.negative?.policy === 'debt' ? 50 : 0)
        expect(available).toBeGreaterThanOrEqual(-debt)
        expect(posted).toBeGreaterThanOrEqual(held)
        if (command.type === 'redeem' && command.points !== undefined && !command.order)
          expect(command.points).toBeLessThanOrEqual(available)
      }
    }),
  )

  law(
    'balances the books: what was issued is with the member, spent, expired or elsewhere',
    fc.property(anyHistory, ({ list, of }) => {
      const told = tell(list, of.programme)
      const books = new Map<string, number>()
      for (const { book, currency, points } of told.events.flatMap(entriesOf)) {
        books.set(`${book} ${currency}`, (books.get(`${book} ${currency}`) ?? 0) + points)
      }
      const of1 = (book: string) => books.get(`${book} star`) ?? 0
      expect(of1('issued') + of1('points') + of1('spent') + of1('expired')).toBe(0)
      const lots = told.state.lots.reduce((sum, lot) => sum + (lot.currency === 'star' ? lot.remaining : 0), 0)
      expect(of1('points')).toBe(lots - (told.state.debts.star ?? 0))
    }),
  )

  law(
    'is right to the millisecond with no sweeper: sweeping whenever, as often as you like, changes no balance and no date (I10)',
    fc.property(anyHistory, fc.array(fc.integer({ min: 0, max: 120 * DAY }), { maxLength: 6 }), ({ list, of }, sweeps) => {
      const { state, now } = tell(list, of.programme)
      const end = now + 120 * DAY
      const once = passTime(state, end, of.programme)
      let swept = { state, events: [] as typeof once.events }
      for (const after of [...sweeps].sort((a, b) => a - b)) {
        const step = passTime(swept.state, now + after, of.programme)
        swept = { state: step.state, events: [...swept.events, ...step.events] }
        expect(balanceAt(state, of.programme, now + after)).toEqual(balanceAt(step.state, of.programme, now + after))
      }
      const last = passTime(swept.state, end, of.programme)
      expect([...swept.events, ...last.events]).toEqual(once.events)
      expect(last.state).toEqual(once.state)
    }),
  )

  law(
    'is decided by nothing but its input, and an answer shows the account as it then is (preview = command)',
    fc.property(anyHistory, ({ list, of }) => {
      for (const { command, before, now, events } of tell(list, of.programme).steps) {
        const frozen = structuredClone(before)
        const again = decide(command, before, { now, programme: of.programme })
        expect(before).toEqual(frozen)
        if (again.outcome !== 'accepted') throw new Error('accepted once, refused again')
        expect(again.events).toEqual(events)
        const { posted, available, held, pending, debt, nextExpiry } = again.answer
        expect({ posted, available, held, pending, debt, nextExpiry }).toEqual(balanceAt(again.state, of.programme, now))
      }
    }),
  )

  law(
    'is explained: the points of the lines add up to the points that were posted',
    fc.property(anyHistory, ({ list, of }) => {
      for (const { command, before, now } of tell(list, of.programme).steps) {
        const decision = decide(command, before, { now, programme: of.programme })
        if (decision.outcome !== 'accepted' || decision.answer.lines.length === 0) continue
        const { points, lines } = decision.answer
        const told = lines.reduce((sum, { data }) => sum + (data.currency === 'star' ? (data.points as number) : 0), 0)
        expect({ command: command.type, told }).toEqual({ command: command.type, told: points })
      }
    }),
  )

  law(
    'needs only what is open: a redemption over pages of lots decides as over all of them',
    fc.property(anyHistory, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 5 }), ({ list, of }, points, page) => {
      const { state, now } = tell(list, of.programme)
      const programme = of.programme
      if (programme.expiry?.kind === 'decay') return
      const env = { now, programme }
      const whole = decide({ type: 'redeem', id: 'x', at: now, points }, state, env)
      const passed = passTime(state, now, programme).state
      const open = passed.lots.filter((lot) => lot.remaining > 0)
      const sure = open.filter((lot) => lot.held > 0)
      const rest = open.filter((lot) => lot.held === 0)
      for (let read = page; ; read += page) {
        const here = [...sure, ...rest.slice(0, read)].sort(
          (a, b) => state.lots.findIndex((l) => l.id === a.id) - state.lots.findIndex((l) => l.id === b.id),
        )
        const usableOf = (lots: typeof open) =>
          lots.reduce(
            (sum, lot) =>
              sum + (lot.currency === 'star' && lot.availableAt !== null && lot.availableAt <= now ? lot.remaining - lot.held : 0),
            0,
          )
        const readTo = rest.length > read ? (rest[read - 1]?.id ?? null) : null
        const lean: AccountState = {
          ...passed,
          lots: here,
          unread: usableOf(rest.slice(read)),
          readTo,
          orders: {},
          spends: {},
          postings: {},
        }
        const decision = decide({ type: 'redeem', id: 'x', at: now, points }, lean, env)
        if (decision.outcome === 'needs-lots') continue
        if (whole.outcome === 'accepted' && decision.outcome === 'accepted') {
          const spent = (d: typeof whole) => d.events.filter((event) => event.type === 'loyalty.spent')
          expect(spent(decision)).toEqual(spent(whole))
          expect(decision.answer.available).toBe(whole.answer.available)
        } else expect(decision).toEqual(whole)
        return
      }
    }),
  )

  law(
    'has a tier that a full recount gives as well',
    fc.property(anyHistory, ({ list, of }) => {
      const told = tell(list, of.programme)
      if (!of.programme.tiers) return
      const start = opened(of.programme, START, { zone: 'Europe/Rome' }).state
      // what time takes counts as well, whether or not anybody has written it down
      const { movements } = given(told, { type: 'pass-time', at: told.now }, of.programme).state
      const recount: AccountState = { ...start, movements }
      expect(tierAt(told.state, of.programme, told.now)).toEqual(tierAt(recount, of.programme, told.now))
    }),
  )
})

describe('refunds', () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 12 })
  const policies = fc.constantFrom(
    ...(['refund-floor', 'kept-spend', 'pro-rata'] as const).flatMap((policy) =>
      (['up', 'half-up', 'down'] as const).flatMap((rounding) =>
        (['pro-rata', 'money-first', 'never'] as const).map((giveBack) => ({ policy, rounding, giveBack })),
      ),
    ),
  )

  law(
    'splitting a refund gains nothing under any policy, and a full one leaves 0',
    fc.property(amounts, policies, fc.boolean(), fc.integer({ min: 0, max: 999 }), (parts, refund, full, more) => {
      const programme: Programme = {
        ...programmes.plain!,
        refund,
        campaigns: [{ id: 'x', multiply: '1.5' }],
        earn: [{ points: 3, per: eur('7.00') }],
      }
      const sum = parts.reduce((a, b) => a + b, 0)
      const total = cents(full ? sum : sum + more + 1)
      const start = given(opened(programme, START), { type: 'grant', id: 'g', at: START, lots: [{ points: 500 }], reason: 'x' }, programme)
      const paid = given(
        start,
        {
          type: 'redeem',
          id: 's',
          at: START,
          points: 500,
          order: { id: 'o', total: eur(String(Math.max(5, Number(total.amount)).toFixed(2))) },
        },
        programme,
      )
      const order = { id: 'o', total: eur(Math.max(5, Number(total.amount)).toFixed(2)) }
      const bought = given(paid, { type: 'earn', id: 'e', at: START, order }, programme)
      const refundBy = (list: readonly number[]) =>
        list.reduce(
          (story, part, i) => given(story, { type: 'refund', id: `r${i}`, at: START, order: 'o', amount: cents(part) }, programme),
          bought as ReturnType<typeof given>,
        )
      const [split, once] = [refundBy(parts), refundBy([sum])]
      expect(balanceAt(split.state, programme, START)).toEqual(balanceAt(once.state, programme, START))
      expect(split.state.orders.o!.earnings).toEqual(once.state.orders.o!.earnings)
      if (sum / 100 === Number(order.total.amount)) {
        expect(once.state.orders.o!.earnings.every((earning) => earning.clawedBack === earning.terms.earned)).toBe(true)
        if (refund.giveBack !== 'never') expect(balanceAt(once.state, programme, START).available).toBe(500)
      }
    }),
  )

  law(
    'give spent points back to the very lots, with their expiry, in whatever parts',
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
      (sizes, parts) => {
        const programme = programmes.plain!
        const lots = sizes.map((points, i) => ({ points, expiresAt: i % 3 === 2 ? null : START + (1 + ((i * 7) % 5)) * DAY }))
        const start = given(opened(programme, START), { type: 'grant', id: 'g', at: START, lots, reason: 'import' }, programme)
        const points = sizes.reduce((a, b) => a + b, 0) - 1
        let story = given(start, { type: 'redeem', id: 's', at: START, points }, programme)
        for (let i = 0, left = points; left > 0; i++) {
          const part = Math.min(left, parts.next().value!)
          story = given(story, { type: 'reverse', id: `r${i}`, at: START, posting: 's', points: part }, programme)
          left -= part
        }
        expect(story.state.lots).toEqual(start.state.lots)
      },
    ),
  )

  test('buying and refunding 1,000 times leaves 0 points under every policy', { timeout: patience }, () => {
    for (const policy of ['refund-floor', 'kept-spend', 'pro-rata'] as const) {
      const programme: Programme = { ...programmes.plain!, refund: { policy } }
      let story = opened(programme, START)
      for (let i = 0; i < 1_000; i++) {
        story = given(story, { type: 'earn', id: `e${i}`, at: START + i, order: { id: `o${i}`, total: eur('19.99') } }, programme)
        for (const [part, amount] of ['6.66', '6.66', '6.67'].entries()) {
          story = given(story, { type: 'refund', id: `r${i}/${part}`, at: START + i, order: `o${i}`, amount: eur(amount) }, programme)
        }
        // a host drops what is closed; so does this one, or each step would copy a thousand lots
        story = {
          events: [],
          state: { ...story.state, lots: story.state.lots.filter((lot) => lot.remaining > 0), orders: {}, postings: {} },
        }
      }
      expect(balanceAt(story.state, programme, START + 1_000)).toMatchObject({ posted: 0, available: 0, debt: 0 })
    }
    figure('buy and refund', 1_000, 'times, 0 points left')
  })
})

describe('between accounts', () => {
  law(
    'a transfer moves points and keeps their expiry; the two balances together stay',
    fc.property(anyHistory, moves, fc.integer({ min: 1, max: 300 }), ({ list, of }, other, points) => {
      const { programme } = of
      const [one, two] = [tell(list, programme), tell(other, programme)]
      const now = Math.max(one.now, two.now)
      const to = { ...two.state, account: 'c_2' }
      const moved = decideTransfer({ id: 'move', at: now, points }, one.state, to, { now, programme })
      if (moved.outcome !== 'accepted') return
      const sum = (...states: AccountState[]) =>
        states.reduce((all, state) => {
          const b = balanceAt(state, programme, now)
          return all + b.posted - b.debt
        }, 0)
      expect(sum(moved.from.state, moved.to.state)).toBe(sum(one.state, to))
      expect(verifyLedger([...one.events, ...moved.from.events])).toBeNull()
      expect(verifyLedger([...two.events, ...moved.to.events])).toBeNull()
      // open lots of a programme that lives on activity are prolonged by it only where they are earned
      const dates = (state: AccountState) => state.lots.filter((lot) => lot.id.startsWith('move')).map((lot) => lot.expiresAt)
      const was = new Map(passTime(one.state, now, programme).state.lots.map((lot) => [lot.id, lot.expiresAt]))
      const taken = moved.from.events.flatMap((event) => (event.type === 'loyalty.sent' ? event.data.taken : []))
      expect(dates(moved.to.state).sort()).toEqual(taken.map((some) => was.get(some.lot)!).sort())
    }),
  )

  law(
    'a merge that is taken apart at once leaves both as they were; whatever happens between, no point is made or lost',
    fc.property(anyHistory, moves, fc.integer({ min: 1, max: 300 }), ({ list, of }, other, points) => {
      const { programme } = of
      const [one, two] = [tell(list, programme), tell(other, programme)]
      const now = Math.max(one.now, two.now) + 12 * DAY
      const env = { now, programme }
      const into = { ...two.state, account: 'c_2' }
      const merged = decideMerge({ id: 'm', at: now }, one.state, into, env)
      if (merged.outcome !== 'accepted') throw new Error(JSON.stringify(merged))
      const net = (state: AccountState) => {
        const b = balanceAt(state, programme, now)
        return b.posted - b.debt
      }
      expect(net(merged.from.state)).toBe(0)
      expect(net(merged.to.state)).toBe(net(one.state) + net(into))
      const apart = decideUnmerge({ merge: 'm', at: now }, merged.to.state, merged.from.state, env)
      if (apart.outcome !== 'accepted') throw new Error(JSON.stringify(apart))
      expect([net(apart.from.state), net(apart.to.state)]).toEqual([net(into), net(one.state)])
      const open = (state: AccountState) =>
        passTime(state, now, programme)
          .state.lots.filter((lot) => lot.remaining > 0)
          .map(({ freeSince: _, ...lot }) => lot)
      expect(open(apart.to.state)).toEqual(open(one.state))
      const used = decide({ type: 'redeem', id: 'u', at: now, points }, merged.to.state, env)
      if (used.outcome !== 'accepted') return
      const later = decideUnmerge({ merge: 'm', at: now }, used.state, merged.from.state, env)
      if (later.outcome !== 'accepted') throw new Error(JSON.stringify(later))
      expect(net(later.from.state) + net(later.to.state)).toBe(net(one.state) + net(into) - points)
      expect(verifyLedger([...two.events, ...merged.to.events, ...used.events, ...later.from.events])).toBeNull()
    }),
  )
})
