import type { MaybePromise, Read, Storage } from './port.ts'
import { isPromise } from './steps.ts'
import type { Unit, UnitAnswer } from './unit.ts'

/** One command on its way through a storage. It holds the subjects whose heads it has read until it leaves. */
export interface Passage {
  read(tenant: string, reads: readonly Read[]): MaybePromise<readonly unknown[]>
  commit(units: readonly Unit[]): MaybePromise<readonly UnitAnswer[]>
  leave(): void
}

const roads = new WeakMap<Storage, () => Passage>()

/**
 * Opens a passage for a command in a transaction of our own. Commands of one process on one subject wait for each other
 * instead of conflicting, and commits that come together while one is on its way travel as one: no timer, no added wait.
 * A storage that answers at once never notices, since its commands do not overlap.
 */
export function passage(storage: Storage): Passage {
  let open = roads.get(storage)
  if (!open) {
    const [queue, send] = [subjectQueue(), grouped(storage)]
    open = () => enter(storage, queue, send)
    roads.set(storage, open)
  }
  return open()
}

function enter(storage: Storage, queue: SubjectQueue, send: Passage['commit']): Passage {
  const mine = new Set<string>()
  const take = (subjects: readonly string[]): MaybePromise<void> => {
    const wanted = subjects.filter((subject) => !mine.has(subject))
    if (wanted.length === 0) return
    const granted = () => {
      for (const subject of wanted) mine.add(subject)
    }
    // whoever holds subjects already must not wait for more: two could wait for each other for ever
    if (mine.size > 0) return queue.tryTake(wanted) ? granted() : undefined
    const wait = queue.take(wanted)
    return wait ? wait.then(granted) : granted()
  }
  return {
    read: (tenant, reads) => {
      const taken = take(subjectsOf(tenant, reads))
      return isPromise(taken) ? taken.then(() => storage.read(tenant, reads)) : storage.read(tenant, reads)
    },
    commit: send,
    leave: () => queue.release([...mine]),
  }
}

const subjectsOf = (tenant: string, reads: readonly Read[]): readonly string[] => [
  ...new Set(
    reads.flatMap((read) => {
      if (read.read === 'head') return [JSON.stringify([tenant, read.kind, read.subject])]
      return read.read === 'heads' ? read.subjects.map((subject) => JSON.stringify([tenant, read.kind, subject])) : []
    }),
  ),
]

interface SubjectQueue {
  /** Takes all of them, now (undefined) or once they are free. */
  take(subjects: readonly string[]): Promise<void> | undefined
  /** Takes all of them now or none. */
  tryTake(subjects: readonly string[]): boolean
  release(subjects: readonly string[]): void
}

/** First come, first served: nobody is passed by somebody who wants the same subject later. */
function subjectQueue(): SubjectQueue {
  const held = new Set<string>()
  const waiting: { readonly subjects: readonly string[]; readonly go: () => void }[] = []
  const free = (subjects: readonly string[], spoken: ReadonlySet<string>) =>
    subjects.every((subject) => !held.has(subject) && !spoken.has(subject))
  const hold = (subjects: readonly string[]) => {
    for (const subject of subjects) held.add(subject)
  }
  const tryTake = (subjects: readonly string[]): boolean => {
    if (!free(subjects, new Set(waiting.flatMap((one) => one.subjects)))) return false
    hold(subjects)
    return true
  }
  return {
    tryTake,
    take: (subjects) => (tryTake(subjects) ? undefined : new Promise((go) => waiting.push({ subjects, go }))),
    release: (subjects) => {
      for (const subject of subjects) held.delete(subject)
      const spoken = new Set<string>()
      for (const one of [...waiting]) {
        if (free(one.subjects, spoken)) {
          hold(one.subjects)
          waiting.splice(waiting.indexOf(one), 1)
          one.go()
        } else for (const subject of one.subjects) spoken.add(subject)
      }
    },
  }
}

/** At most so many units travel in one commit. */
const MOST_UNITS = 200

interface Sending {
  readonly units: readonly Unit[]
  readonly resolve: (answers: readonly UnitAnswer[]) => void
  readonly reject: (error: unknown) => void
}

function grouped(storage: Storage): Passage['commit'] {
  const waiting: Sending[] = []
  let flying = false

  /** Sends what has gathered, until nothing has. */
  async function fly(): Promise<void> {
    flying = true
    while (waiting.length > 0) await send(nextGroup(waiting))
    flying = false
  }

  async function send(group: readonly Sending[]): Promise<void> {
    try {
      const answers = await storage.commit(group.flatMap((one) => one.units))
      let first = 0
      for (const one of group) {
        one.resolve(answers.slice(first, first + one.units.length))
        first += one.units.length
      }
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error)
      // the whole commit was refused for the sake of one: each goes alone, and the one is found
      else for (const one of group) await send([one])
    }
  }

  return (units) => {
    if (!flying) {
      const answers = storage.commit(units)
      if (!isPromise(answers)) return answers
      flying = true
      const landed = () => fly()
      answers.then(landed, landed)
      return answers
    }
    return new Promise((resolve, reject) => waiting.push({ units, resolve, reject }))
  }
}

function nextGroup(waiting: Sending[]): readonly Sending[] {
  let units = 0
  const end = waiting.findIndex((one, i) => {
    units += one.units.length
    return i > 0 && units > MOST_UNITS
  })
  return waiting.splice(0, end === -1 ? waiting.length : end)
}
