import { PatronkitError } from '@patronkit/core'
import { all, headOf, isPromise, list, type MaybePromise, NO_HEAD, type Session, type Storage, type Unit } from '@patronkit/core/storage'
import { refused, same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { happened, headAfter, KIND, lots, unitOf } from './sample.ts'

/** Does steps one after the other: at once on an engine that answers at once, else with a promise. */
const inTurn = (steps: readonly (() => MaybePromise<unknown>)[]): MaybePromise<readonly unknown[]> => {
  const answers: unknown[] = []
  for (const [i, step] of steps.entries()) {
    const answer = step()
    if (isPromise(answer)) {
      return answer.then(async (first) => {
        answers.push(first)
        for (const next of steps.slice(i + 1)) answers.push(await next())
        return answers
      })
    }
    answers.push(answer)
  }
  return answers
}

const noLuck = () =>
  new PatronkitError({ code: 'core/bad-unit', message: 'the work of the suite gives up, as it should.', details: { why: 'on purpose' } })

const inserting = (subject: string, no: number): Unit =>
  unitOf({ subject, writes: [{ write: 'insert', table: lots, row: { account: subject, no, left: 1 } }], happened: [happened(no)] })

/** The storage's own transactions. */
export const transactionFacts: Facts = ({ fact }) => {
  const everything = (storage: Storage) => readOne(storage, list(lots, { where: all(), limit: 9 }))

  fact('what is done in one transaction stays as a whole, and sees itself', async (storage) => {
    const [one, two] = [inserting('a', 1), inserting('b', 2)]
    const answers = await storage.transaction((session) =>
      inTurn([
        () => storage.commit([one], session),
        () => storage.read('acme', [headOf(KIND, 'a')], session),
        () => storage.commit([two], session),
      ]),
    )
    same(answers, [[{ outcome: 'done' }], [headAfter(one)], [{ outcome: 'done' }]], 'the answers')
    same(await readOne(storage, headOf(KIND, 'b')), headAfter(two), 'the second')
  })

  fact('work that throws leaves nothing of the transaction', async (storage) => {
    const failing = (session: Session) =>
      inTurn([
        () => storage.commit([inserting('a', 1)], session),
        () => {
          throw noLuck()
        },
      ])
    await refused(async () => storage.transaction(failing), 'the work')
    same(await readOne(storage, headOf(KIND, 'a')), NO_HEAD, 'the head')
    same(await everything(storage), [], 'the rows')
  })

  fact('a unit that does not hold is an answer, and the transaction goes on', async (storage) => {
    await done(storage, inserting('a', 1))
    const answers = await storage.transaction((session) =>
      inTurn([() => storage.commit([inserting('a', 1)], session), () => storage.commit([inserting('b', 2)], session)]),
    )
    same(answers, [[{ outcome: 'conflict', subject: `${KIND} a`, found: 1 }], [{ outcome: 'done' }]], 'the answers')
  })

  fact('a consumer moves with what it writes, or not at all', async (storage) => {
    await done(storage, unitOf({ subject: 'a', happened: [happened(1)] }))
    const page = () => storage.feed({ consumer: 'c', now: 2_000, limit: 9 })
    const { events, states } = await page()
    const to = { ...states[0]!, position: events[0]!.position }
    const moving = (after: () => unknown) => (session: Session) =>
      inTurn([
        () => storage.commit([inserting('b', 1)], session),
        () => storage.advance(states[0]!.position, to, session),
        after as () => MaybePromise<unknown>,
      ])
    const throwing = moving(() => {
      throw noLuck()
    })
    await refused(async () => storage.transaction(throwing), 'the work')
    same((await page()).events.length, 1, 'it still stands before the event')
    await storage.transaction(moving(() => null))
    same(
      (await page()).events.map((event) => event.subject),
      ['b'],
      'only what it wrote itself is left',
    )
  })
}
