import { type Convoy, convoyOn, type Place } from './convoy.ts'
import type { MaybePromise, Read, Storage } from './port.ts'
import { isPromise } from './steps.ts'
import type { Unit, UnitAnswer } from './unit.ts'

/** One command on its way through a storage. It holds the subjects whose heads it has read until it leaves. */
export interface Passage {
  read(tenant: string, reads: readonly Read[]): MaybePromise<readonly unknown[]>
  commit(units: readonly Unit[]): MaybePromise<readonly UnitAnswer[]>
  /** Once all that the command has seen is committed. */
  settle(): MaybePromise<void>
  /** To be waited for: throws a conflict where what the command relied on did not come about. */
  leave(): MaybePromise<void>
}

const roads = new WeakMap<Storage, () => Passage>()

/**
 * Opens a passage for a command in a transaction of our own. Commands of one process on one subject do not conflict: where
 * the storage answers with promises those that wait for one go on as a convoy, with one read and one commit for all, and else
 * one after the other. What commands ask for at one moment travels as one call: the reads of a tenant, each still
 * answered from one snapshot, and the commits that come while others are on their way: no timer, no added wait.
 * A storage that answers at once never notices, since its commands do not overlap.
 */
export function passage(storage: Storage): Passage {
  let open = roads.get(storage)
  if (!open) {
    const far = { yet: false }
    const [queue, ask, send] = [subjectQueue(), askedTogether(storage, far), sentTogether(storage)]
    const join = convoys(queue, ask, send)
    open = () => enter(queue, ask, send, (subject, reads) => (far.yet ? join(subject, reads) : null))
    roads.set(storage, open)
  }
  return open()
}

interface Subject {
  readonly tenant: string
  readonly kind: string
  readonly subject: string
}

type Asking = Passage['read']

type Join = (subject: Subject, reads: readonly Read[]) => Place | null

function enter(queue: SubjectQueue, ask: Asking, send: Passage['commit'], join: Join): Passage {
  const mine = new Set<string>()
  let place: Place | null = null
  const take = (subjects: readonly string[]): MaybePromise<void> => {
    const wanted = subjects.filter((subject) => !mine.has(subject))
    if (wanted.length === 0) return
    const granted = () => {
      for (const subject of wanted) mine.add(subject)
    }
    // whoever holds subjects already must not wait for more: two could wait for each other for ever
    if (mine.size > 0 || place) return queue.tryTake(wanted) ? granted() : undefined
    const wait = queue.take(wanted)
    return wait ? wait.then(granted) : granted()
  }
  let own: string | null = null
  return {
    read: (tenant, reads) => {
      const subjects = subjectsOf(tenant, reads)
      if (!place && mine.size === 0 && subjects.length === 1) {
        const name = nameOf(subjects[0]!)
        // with nobody in its way it goes by itself; whoever comes meanwhile waits, and goes in a convoy
        if (queue.tryTake([name])) mine.add(name)
        else {
          place = join(subjects[0]!, reads)
          own = name
          if (place) return place.first
        }
      }
      const taken = take(subjects.map(nameOf).filter((name) => !place || name !== own))
      const go = () => (place ? place.read(tenant, reads) : ask(tenant, reads))
      return isPromise(taken) ? taken.then(go) : go()
    },
    commit: (units) => (place ? place.commit(units) : send(units)),
    settle: () => place?.settle(),
    leave: () => {
      queue.release([...mine])
      return place?.leave()
    },
  }
}

const nameOf = ({ tenant, kind, subject }: Subject): string => JSON.stringify([tenant, kind, subject])

function subjectsOf(tenant: string, reads: readonly Read[]): readonly Subject[] {
  const found = new Map<string, Subject>()
  const add = (kind: string, subject: string) => {
    const one = { tenant, kind, subject }
    found.set(nameOf(one), one)
  }
  for (const read of reads) {
    if (read.read === 'head') add(read.kind, read.subject)
    else if (read.read === 'heads') for (const subject of read.subjects) add(read.kind, subject)
  }
  return [...found.values()]
}

/** A convoy waits for its subject, and may be joined until it departs: when that is free and everything that runs at this moment has run. */
function convoys(queue: SubjectQueue, read: Asking, commit: Passage['commit']): (subject: Subject, reads: readonly Read[]) => Place {
  const open = new Map<string, Convoy>()
  return (subject, reads) => {
    const name = nameOf(subject)
    const waiting = open.get(name)
    if (waiting?.open) return waiting.join(reads)
    const { tenant, kind } = subject
    const convoy = convoyOn(tenant, `${kind} ${subject.subject}`, { read, commit, free: () => queue.release([name]) })
    open.set(name, convoy)
    const depart = () =>
      afterThis(() => {
        if (open.get(name) === convoy) open.delete(name)
        convoy.depart()
      })
    Promise.resolve(queue.take([name])).then(depart)
    return convoy.join(reads)
  }
}

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

/** One command's share of a call that several make together. */
interface Share<I, O> {
  readonly items: readonly I[]
  readonly resolve: (answers: readonly O[]) => void
  readonly reject: (error: unknown) => void
}

/** Makes one call for several, and gives each its answers. */
async function callFor<I, O>(shares: readonly Share<I, O>[], call: (items: readonly I[]) => MaybePromise<readonly O[]>): Promise<void> {
  try {
    const answers = await call(shares.flatMap((share) => share.items))
    let first = 0
    for (const { items, resolve } of shares) {
      resolve(answers.slice(first, first + items.length))
      first += items.length
    }
  } catch (error) {
    if (shares.length === 1) shares[0]!.reject(error)
    // all was refused for the sake of one: each goes alone, and the one is found
    else for (const share of shares) await callFor([share], call)
  }
}

/** Shares of one call, as many as fit; what is left over stays. */
function nextGroup<I, O>(waiting: Share<I, O>[], mostItems: number, mostShares = waiting.length): readonly Share<I, O>[] {
  let items = 0
  const end = waiting.findIndex((share, i) => {
    items += share.items.length
    return i > 0 && (items > mostItems || i >= mostShares)
  })
  return waiting.splice(0, end === -1 ? waiting.length : end)
}

/** Runs once everything that runs at this moment has run: what answers of one call set off comes before it. */
const afterThis = (work: () => void): void => {
  Promise.resolve().then(work)
}

/** At most so many reads travel in one call. */
const MOST_READS = 500

/** The reads that come at one moment for one tenant go as one. */
function askedTogether(storage: Storage, far: { yet: boolean }): Asking {
  const waiting = new Map<string, Share<Read, unknown>[]>()
  return (tenant, reads) => {
    if (!far.yet) {
      const answers = storage.read(tenant, reads)
      far.yet = isPromise(answers)
      return answers
    }
    return new Promise((resolve, reject) => {
      const share = { items: reads, resolve, reject }
      const others = waiting.get(tenant)
      if (others) return void others.push(share)
      const shares = [share]
      waiting.set(tenant, shares)
      afterThis(() => {
        waiting.delete(tenant)
        while (shares.length > 0) callFor(nextGroup(shares, MOST_READS), (items) => storage.read(tenant, items))
      })
    })
  }
}

/** At most so many units travel in one commit. */
const MOST_UNITS = 200

/** So many commits are on their way at once: while the database works on one, the next is made. */
const MOST_COMMITS = 2

/** Fewer commands than this are not dealt over several commits: each commit has a cost of its own. */
const LEAST_SHARES = 32

/** The commits that come at one moment go together, and so do those that come while as many as may be are on their way. */
function sentTogether(storage: Storage): Passage['commit'] {
  const waiting: Share<Unit, UnitAnswer>[] = []
  let promises = false
  let flying = 0
  let leaving = false

  function leave(): void {
    leaving = false
    while (waiting.length > 0 && flying < MOST_COMMITS) {
      const dealt = Math.max(LEAST_SHARES, Math.ceil(waiting.length / (MOST_COMMITS - flying)))
      const group = nextGroup(waiting, MOST_UNITS, dealt)
      flying++
      callFor(group, (units) => storage.commit(units)).then(() => {
        flying--
        leave()
      })
    }
  }

  return (units) => {
    if (!promises) {
      const answers = storage.commit(units)
      promises = isPromise(answers)
      return answers
    }
    return new Promise((resolve, reject) => {
      waiting.push({ items: units, resolve, reject })
      if (leaving) return
      leaving = true
      afterThis(leave)
    })
  }
}
