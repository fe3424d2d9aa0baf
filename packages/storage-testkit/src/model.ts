import {
  all,
  type Claimed,
  type ConsumerState,
  eventsOf,
  type FeedPage,
  field,
  type Head,
  headOf,
  list,
  type Storage,
  type Unit,
  type Write,
} from '@patronkit/core/storage'
import { codeOf, same } from './check.ts'
import { type Command, commandsOf, TENANTS, type UnitDraft, type WriteDraft } from './commands.ts'
import { prepared, readOne, type Test } from './facts.ts'
import type { FastCheck } from './fast-check.ts'
import { counters, happened, KIND, lots, moved, unitOf } from './sample.ts'

interface Model {
  readonly test: Test
  readonly name: string
  readonly engine: () => Promise<Storage>
  readonly reference: () => Promise<Storage>
  readonly fc: FastCheck
  readonly runs?: number
  readonly seed: number
}

/** The same random history on both engines gives the same answers and leaves the same events, rows and timers. */
export function modelFact(o: Model): void {
  const runs = o.runs ?? 50
  o.test(`${o.name}: ${runs} random histories give the answers of the reference engine (seed ${o.seed})`, async () => {
    const property = o.fc.asyncProperty(commandsOf(o.fc), async (commands) => {
      const engine = await prepared(await o.engine())
      const reference = await prepared(await o.reference())
      try {
        await compare(engine, reference, commands)
      } finally {
        await engine.close()
        await reference.close()
      }
    })
    await o.fc.assert(property as never, { numRuns: runs, seed: o.seed })
  })
}

const SUBJECTS = ['s1', 's2', 's3']

async function compare(engine: Storage, reference: Storage, commands: readonly Command[]): Promise<void> {
  const both = async <T>(what: string, ask: (storage: Storage) => unknown): Promise<T> => {
    const expected = await answerOf(() => ask(reference))
    same(await answerOf(() => ask(engine)), expected, what)
    return ('answer' in expected ? expected.answer : null) as T
  }
  let now = 1_000
  let leased: Claimed | undefined
  for (const [i, command] of commands.entries()) {
    const what = `step ${i}: ${JSON.stringify(command)}`
    if (command.do === 'commit') {
      now += command.after
      const units: Unit[] = []
      for (const draft of command.units) units.push(await unitOn(reference, draft, now, leased))
      await both(what, (storage) => storage.commit(units))
    } else if (command.do === 'read') {
      const where = all(field('left').lt(command.below), field('no').in([1, 2, null]))
      const order = [{ column: 'left', direction: command.down ? 'desc' : 'asc' } as const]
      await both(what, (storage) => storage.read(command.tenant, [list(lots, { where, order, limit: command.limit }), headOf(KIND, 's1')]))
    } else if (command.do === 'claim') {
      now += command.after
      const { limit, leaseMs, behind } = command
      const request = { queues: ['q', 'r'], now, limit, leaseMs, lease: `lease ${i}`, after: behind }
      const claimed = await both<readonly Claimed[]>(what, (storage) => storage.claim(request))
      leased = claimed[0] ?? leased
    } else {
      const { consumer, limit, lane } = command
      const page = await both<FeedPage>(what, (storage) => storage.feed({ consumer, now, limit, lane }))
      for (const state of page.states) {
        const to = movedOn(state, page, command, now)
        await both(`${what}, advance`, (storage) => storage.advance(command.wrong ? state.position + 1 : state.position, to))
      }
    }
    await both(`${what}, next due`, (storage) => storage.nextDue(['q', 'r']))
  }
  for (const tenant of TENANTS) {
    await both(`the rows of ${tenant}`, (storage) =>
      storage.read(tenant, [list(lots, { where: all(), limit: 99 }), list(counters, { where: all(), limit: 99 })]),
    )
    for (const subject of SUBJECTS) {
      await both(`what is left of ${tenant} ${subject}`, (storage) =>
        storage.read(tenant, [headOf(KIND, subject), eventsOf(KIND, subject, { limit: 999 })]),
      )
    }
  }
}

async function answerOf(work: () => unknown): Promise<{ readonly answer: unknown } | { readonly refused: string }> {
  let answer: unknown
  const refused = await codeOf(async () => {
    answer = await work()
  })
  return refused === null ? { answer } : { refused }
}

async function unitOn(reference: Storage, draft: UnitDraft, now: number, leased: Claimed | undefined): Promise<Unit> {
  const headNow = async (subject: string) => (await readOne(reference, headOf(KIND, subject), draft.tenant)) as Head
  const found = await headNow(draft.subject)
  const from = draft.stale ? { ...found, version: found.version + 7 } : found
  const other = SUBJECTS[(SUBJECTS.indexOf(draft.subject) + 1) % SUBJECTS.length]!
  const fired = draft.fired && leased?.tenant === draft.tenant ? leased : undefined
  const writes = draft.writes.filter((write, i) => draft.writes.findIndex((one) => one.no === write.no) === i)
  const adds = draft.adds.filter((add, i) => draft.adds.findIndex((one) => one.column === add.column) === i)
  return unitOf({
    tenant: draft.tenant,
    subject: draft.subject,
    from,
    at: now,
    writes: writes.map((write) => writeOf(write, draft.subject)),
    happened: Array.from({ length: draft.events }, (_, no) => happened(no)),
    timers: draft.timers.map((timer) => {
      const { key, queue } = timer
      if (timer.timer === 'set') return { timer: 'set', queue, key, dueAt: now + timer.in }
      if (timer.timer === 'cancel') return { timer: 'cancel', queue, key }
      return { timer: 'failed', queue, key, dueAt: now + timer.in, error: 'no luck', parked: timer.parked }
    }),
    unique: draft.unique.map((no) => ({ table: lots, row: { account: draft.subject, no, left: 0 } })),
    adds: adds.map((add) => ({ table: counters, key: { day: 'today' }, ...add, min: 0, max: 10 })),
    ...(draft.also ? { also: [moved(other, await headNow(other), now)] } : {}),
    ...(fired ? { fired: { queue: fired.queue, key: fired.key, generation: fired.generation, lease: fired.lease } } : {}),
  })
}

function writeOf(draft: WriteDraft, account: string): Write {
  const { no, left } = draft
  if (draft.write === 'insert' || draft.write === 'put') return { write: draft.write, table: lots, row: { account, no, left } }
  if (draft.write === 'change') return { write: 'change', table: lots, key: { account, no }, set: { left } }
  return { write: 'remove', table: lots, key: { account, no } }
}

function movedOn(state: ConsumerState, page: FeedPage, command: Command & { do: 'feed' }, now: number): ConsumerState {
  if (command.retryIn > 0) return { ...state, attempts: state.attempts + 1, retryAt: now + command.retryIn, lastError: 'no luck' }
  const last = page.events.findLast((event) => event.lane === state.lane)!
  return { ...state, position: last.position, attempts: 0, retryAt: 0, lastError: null }
}
