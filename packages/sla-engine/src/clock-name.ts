import type { ClockKey } from './model.ts'
import { DEFAULT_AGREEMENT } from './policy.ts'

/** A clock's agreement and metric in one text, by which its row is known. */
export const clockName = ({ agreement, metric }: { readonly agreement: string; readonly metric: string }): string =>
  agreement === DEFAULT_AGREEMENT ? metric : `${agreement}/${metric}`

export function readClockName(name: string): { readonly agreement: string; readonly metric: string } {
  const slash = name.indexOf('/')
  return slash < 0 ? { agreement: DEFAULT_AGREEMENT, metric: name } : { agreement: name.slice(0, slash), metric: name.slice(slash + 1) }
}

/** A clock among the clocks of its item, in one text. */
export const clockKey = (clock: ClockKey): string => `${clockName(clock)} ${clock.cycle}`

export const sameKey = (a: ClockKey, b: ClockKey): boolean => a.cycle === b.cycle && a.metric === b.metric && a.agreement === b.agreement

/** The clock of a key; undefined where there is none. */
export const clockAt = <C extends ClockKey>(clocks: readonly C[] | undefined, of: ClockKey): C | undefined =>
  clocks?.find((clock) => sameKey(clock, of))

/** Clocks in the order of their rows, so that an answer is the same whether the item was folded or read. */
export function inRowOrder(a: ClockKey, b: ClockKey): number {
  const [one, other] = [clockName(a), clockName(b)]
  return one === other ? a.cycle - b.cycle : one < other ? -1 : 1
}
