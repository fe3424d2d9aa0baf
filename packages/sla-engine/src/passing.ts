import { reaches } from '@patronkit/business-time/clock'
import { OVER } from '@patronkit/business-time/ladder'
import { isPatronkitError } from '@patronkit/core'
import { type Book, type Books, countedOn, workingOf } from './book.ts'
import { type Rung, rungsAhead } from './ladder.ts'
import type { ItemClock, ItemState } from './model.ts'
import type { Policy } from './policy.ts'

/** Lets time pass: running clocks climb their ladders, and what was reached in quiet hours gets told. */
export function passTime(state: ItemState, until: number, books: Books): ItemState {
  const book = books(state.book)
  let asOf = state.asOf
  const clocks = state.clocks.map((clock): ItemClock => {
    const climbed = climb(clock, until, book)
    if (!climbed) return clock
    asOf = Math.max(asOf, climbed.last)
    return climbed.clock
  })
  return clocks.every((clock, n) => clock === state.clocks[n]) ? state : { ...state, clocks, asOf }
}

/** A clock that reached steps, or has some to tell; null for any other. `last` is the last instant at which something came to be. */
function climb(clock: ItemClock, until: number, book: Book): { readonly clock: ItemClock; readonly last: number } | null {
  const reached = ahead(clock, book).filter((rung): rung is Rung & { at: number } => rung.at !== null && rung.at <= until)
  const told = clock.waiting.filter((one) => one.tellAt <= until)
  if (reached.length === 0 && told.length === 0) return null
  const policy = book.byId.get(clock.policy.id)?.policy
  const climbed: { [step: string]: number } = { ...clock.climbed }
  const waiting = clock.waiting.filter((one) => one.tellAt > until)
  let last = Math.max(...told.map((one) => one.tellAt), ...reached.map((rung) => rung.at))
  for (const { step, at } of reached.sort((a, b) => a.at - b.at)) {
    climbed[step] = at
    const tellAt = toldAt(at, policy, book)
    if (tellAt > until) waiting.push({ step, at, tellAt })
    else last = Math.max(last, tellAt)
  }
  const over = reached.find((rung) => rung.step === OVER)
  const breach = over && { missedAt: reaches(clock.clock, clock.targetMs!, countedOn(clock, book)), breachedAt: over.at }
  return { clock: { ...clock, climbed, waiting, ...breach }, last }
}

/** When a step that is reached at `at` is told: at once, or when quiet hours end. Where they would never end it is told at once. */
export function toldAt(at: number, policy: Policy | undefined, book: Book): number {
  if (policy?.quietOutside === undefined) return at
  try {
    return book.calendar(policy.quietOutside, null).nextOpening(at)
  } catch (error) {
    if (isPatronkitError(error, 'time/never-open') || isPatronkitError(error, 'time/beyond-horizon')) return at
    throw error
  }
}

const ahead = (clock: ItemClock, book: Book): readonly Rung[] => {
  const agreed = book.byId.get(clock.policy.id)
  if (!agreed || clock.clock.phase !== 'running' || clock.targetMs === null) return []
  return rungsAhead({ clock, counted: countedOn(clock, book), working: workingOf(clock, book) }, agreed.policy)
}

/** When something is to be done next for an item: a step is reached, or one that was reached is told. */
export function nextStepAt(state: ItemState, books: Books): number | null {
  const book = books(state.book)
  let first: number | null = null
  const take = (at: number | null) => {
    if (at !== null && (first === null || at < first)) first = at
  }
  for (const clock of state.clocks) {
    for (const { at } of ahead(clock, book)) take(at)
    for (const { tellAt } of clock.waiting) take(tellAt)
  }
  return first
}
