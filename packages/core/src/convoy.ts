import { writeConflict } from './context.ts'
import { follows, merged } from './merged.ts'
import { type Pending, pendingUnits, UNSURE } from './pending.ts'
import type { MaybePromise, Read } from './port.ts'
import type { Unit, UnitAnswer } from './unit.ts'

/** How a convoy reaches the storage, and whom it tells when all have left. */
export interface Road {
  read(tenant: string, reads: readonly Read[]): MaybePromise<readonly unknown[]>
  commit(units: readonly Unit[]): MaybePromise<readonly UnitAnswer[]>
  free(): void
}

/** One command's place in a convoy. */
export interface Place {
  /** What it read when it joined. */
  readonly first: Promise<readonly unknown[]>
  read(tenant: string, reads: readonly Read[]): Promise<readonly unknown[]>
  commit(units: readonly Unit[]): Promise<readonly UnitAnswer[]>
  /** Once all that the command has seen is committed; throws a conflict where some of it was refused. */
  settle(): Promise<void>
  /** Leaves; throws a conflict where the command relied on a decision that did not go through. */
  leave(): Promise<void>
}

export interface Convoy {
  readonly open: boolean
  join(reads: readonly Read[]): Place
  depart(): Promise<void>
}

/** At most so many commands go together. */
const MOST = 200

/** A promise with its ends. */
interface Later<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T | Promise<T>) => void
  readonly reject: (error: unknown) => void
}

function later<T>(): Later<T> {
  const ends: Partial<Later<T>> = {}
  const promise = new Promise<T>((resolve, reject) => Object.assign(ends, { resolve, reject }))
  // whoever waits for it hears of it; nobody has to
  promise.catch(() => {})
  return { ...ends, promise } as Later<T>
}

interface Member {
  readonly reads: readonly Read[]
  readonly first: Later<readonly unknown[]>
  readonly turn: Later<void>
  /** How the decisions went that it saw and that were not committed yet. */
  saw: Promise<boolean> | null
  committed: boolean
}

interface Decision {
  readonly unit: Unit
  readonly answer: Later<readonly UnitAnswer[]>
}

/**
 * Commands on one subject that go together: one read for all of them, each decided on what the ones before it decided,
 * and one commit. Nobody's answer leaves before the commit it relies on: where that does not go through, whoever saw it
 * is told of a conflict, and decides anew. Where a command asks for something that only the storage can tell, what is
 * decided so far is committed first, and whoever has not had a turn yet reads anew.
 */
export function convoyOn(tenant: string, subject: string, road: Road): Convoy {
  let line: Member[] = []
  let open = true
  let inside = 0
  let arrived = false
  /** Whoever has the turn is alone with the storage, and whoever is next reads anew. */
  let stale = false
  let pending: Pending = pendingUnits()
  let decisions: Decision[] = []
  let outcome = later<boolean>()
  const known = new Map<string, unknown>()

  const seen = (reads: readonly Read[], found: readonly unknown[]): readonly unknown[] | null => {
    const answers = reads.map((read, i) => pending.see(read, found[i]))
    return answers.includes(UNSURE) ? null : answers
  }

  /** Answers of the storage. Heads are asked anew: they tell whether what is known still holds. */
  async function ask(reads: readonly Read[]): Promise<readonly unknown[]> {
    const names = reads.map(nameOf)
    const wanted = new Map<string, Read>()
    for (const [i, name] of names.entries()) if (!known.has(name) || isHead(reads[i]!)) wanted.set(name, reads[i]!)
    if (wanted.size > 0) {
      const found = await road.read(tenant, [...wanted.values()])
      for (const [i, name] of [...wanted.keys()].entries()) known.set(name, found[i])
    }
    return names.map((name) => known.get(name))
  }

  /** Commits what is decided; false where some of it was refused. */
  async function flush(): Promise<boolean> {
    const [now, told] = [decisions, outcome]
    decisions = []
    outcome = later()
    pending = pendingUnits()
    known.clear()
    const done = now.length === 0 || (await send(now))
    told.resolve(done)
    return done
  }

  async function send(all: readonly Decision[]): Promise<boolean> {
    const whole = all.length > 1 ? merged(all.map(({ unit }) => unit)) : null
    if (whole) {
      try {
        const [answer] = await road.commit([whole])
        // its one head is that of the first, and all others go on from there
        if (answer!.outcome === 'done' || answer!.outcome === 'conflict') {
          for (const one of all) one.answer.resolve([answer!])
          return answer!.outcome === 'done'
        }
      } catch {
        // one by one it is found whose fault it was
      }
    }
    let done = true
    for (const { unit, answer } of all) {
      if (!done) {
        answer.reject(writeConflict(subject))
        continue
      }
      try {
        const answers = await road.commit([unit])
        answer.resolve(answers)
        done = answers[0]!.outcome === 'done'
      } catch (error) {
        answer.reject(error)
        done = false
      }
    }
    return done
  }

  /** Goes on only on what has been committed. */
  async function settle(): Promise<void> {
    stale = true
    if (!(await flush())) throw writeConflict(subject)
  }

  const isNext = (units: readonly Unit[]): boolean => {
    const [unit] = units
    if (units.length !== 1 || unit!.heads.length !== 1 || unit!.fired) return false
    return decisions.length === 0 || follows(unit!, decisions.at(-1)!.unit)
  }

  function placeOf(member: Member): Place {
    let turn = true
    const endTurn = () => {
      turn = false
      member.turn.resolve()
    }
    return {
      first: member.first.promise,
      read: async (of, reads) => {
        if (!turn || stale || of !== tenant) return road.read(of, reads)
        const answers = seen(reads, await ask(reads))
        if (answers) return answers
        await settle()
        return road.read(of, reads)
      },
      commit: async (units) => {
        if (!turn) return road.commit(units)
        member.committed = true
        if (!isNext(units) || line.length + decisions.length === 0) {
          if (decisions.length > 0) await settle()
          stale = true
          return road.commit(units)
        }
        const answer = later<readonly UnitAnswer[]>()
        decisions.push({ unit: units[0]!, answer })
        pending.add(units[0]!)
        endTurn()
        return answer.promise
      },
      settle: async () => {
        if (turn && decisions.length > 0) await settle()
      },
      leave: async () => {
        if (turn) endTurn()
        inside--
        if (arrived && inside === 0) road.free()
        if (member.saw && !member.committed && !(await member.saw)) throw writeConflict(subject)
      },
    }
  }

  /** A command that came alone is in nobody's way. */
  async function goAlone({ reads, first, turn }: Member): Promise<void> {
    stale = true
    line = []
    const answers = async () => road.read(tenant, reads)
    first.resolve(answers())
    await turn.promise
  }

  async function go(group: readonly Member[]): Promise<void> {
    if (group.length === 1) return goAlone(group[0]!)
    pending = pendingUnits()
    known.clear()
    stale = false
    let found: readonly unknown[]
    try {
      found = await ask(group.flatMap((member) => member.reads))
    } catch {
      // one by one it is found whose fault it was
      for (const member of group) await goAlone(member)
      return
    }
    line = [...group]
    for (let from = 0; line.length > 0; ) {
      const member = line[0]!
      const { reads } = member
      const answers = stale ? null : seen(reads, found.slice(from, from + reads.length))
      from += reads.length
      if (!answers) {
        await flush()
        return go(line)
      }
      line.shift()
      member.saw = pending.size > 0 ? outcome.promise : null
      member.first.resolve(answers)
      await member.turn.promise
    }
    await flush()
  }

  return {
    get open() {
      return open && line.length < MOST
    },
    join: (reads) => {
      const member: Member = { reads, first: later(), turn: later(), saw: null, committed: false }
      line.push(member)
      inside++
      return placeOf(member)
    },
    depart: async () => {
      open = false
      await go(line)
      arrived = true
      if (inside === 0) road.free()
    },
  }
}

const isHead = ({ read }: Read): boolean => read === 'head' || read === 'heads'

/** Reads of one name are one read. */
const nameOf = (read: Read): string => JSON.stringify('table' in read ? { ...read, table: read.table.name } : read)
