import { countedAt } from '@patronkit/business-time/clock'
import { OVER } from '@patronkit/business-time/ladder'
import { type Happened, toIso } from '@patronkit/core/service'
import { type Book, type Books, countedOn } from './book.ts'
import { clockAt } from './clock-name.ts'
import { type Decision, json } from './decision.ts'
import { heightOf, stepNamed } from './ladder.ts'
import type { ItemClock, ItemRef, ItemState } from './model.ts'
import { toldAt } from './passing.ts'
import { agreementOf, type Policy, type Step } from './policy.ts'

/** Why steps may be passed over without a word. */
type Silence = 'catch-up' | 'import'

/** Steps that were climbed and whose time to be told has come. */
export const settled = (clock: ItemClock | undefined): readonly string[] =>
  clock ? Object.keys(clock.climbed).filter((step) => !clock.waiting.some((one) => one.step === step)) : []

/** Tells each step that came to be told: of several on one clock only the highest, unless the policy wants them all. */
export function tell(
  item: ItemRef,
  before: ItemState | null,
  after: ItemState,
  books: Books,
  i: { readonly noticedAt: number; readonly silentUntil?: number | undefined },
): Decision {
  const events: Happened[] = []
  const book = books(after.book)
  const clocks = after.clocks.map((clock): ItemClock => {
    const was = clockAt(before?.clocks, clock)
    const carried = was ? was.skipped.filter((step) => Object.hasOwn(clock.climbed, step)) : clock.skipped
    const known = settled(was)
    const due = settled(clock).filter((step) => !known.includes(step))
    // what was told already does not wait to be told, even where a late fact moved it into quiet hours
    const waiting = clock.waiting.filter(({ step }) => !known.includes(step))
    const policy = book.byId.get(clock.policy.id)?.policy
    if (due.length === 0 || !policy) return same(clock, carried, waiting) ? clock : { ...clock, skipped: carried, waiting }
    const steps = policy.targets[clock.metric]?.steps ?? []
    const ordered = due
      .map((step) => ({ step, at: clock.climbed[step]!, height: heightOf(step, clock, steps) }))
      .sort((a, b) => a.at - b.at || a.height - b.height)
    const { spoken, silent, because } = chosen(ordered, policy, i.silentUntil)
    for (const step of spoken) events.push(stepEvent(item, clock, step, book, i.noticedAt))
    if (silent.length > 0) {
      const { agreement, metric, cycle } = clock
      events.push({
        type: 'sla.skipped',
        v: 1,
        at: silent.at(-1)!.at,
        data: json({ item, agreement, metric, cycle, steps: silent.map(({ step }) => step), because }),
      })
    }
    return { ...clock, waiting, skipped: [...carried, ...silent.map(({ step }) => step)] }
  })
  return { state: { ...after, clocks }, events: events.sort((a, b) => a.at - b.at) }
}

const same = (clock: ItemClock, skipped: readonly string[], waiting: ItemClock['waiting']): boolean =>
  skipped.length === clock.skipped.length && waiting.length === clock.waiting.length

interface At {
  readonly step: string
  readonly at: number
}

/** A breach is always told; of the other steps that fell due together the highest, unless all are wanted. */
function chosen(due: readonly At[], policy: Policy, silentUntil: number | undefined) {
  const old = silentUntil === undefined ? [] : due.filter(({ at }) => at <= silentUntil)
  if (old.length > 0) return { spoken: due.filter((one) => !old.includes(one)), silent: old, because: 'import' as Silence }
  if (policy.catchUp === 'all') return { spoken: due, silent: [], because: 'catch-up' as Silence }
  const highest = due.at(-1)
  const spoken = due.filter((one) => one === highest || one.step === OVER)
  return { spoken, silent: due.filter((one) => !spoken.includes(one)), because: 'catch-up' as Silence }
}

function stepEvent(item: ItemRef, clock: ItemClock, i: At, book: Book, noticedAt: number): Happened {
  const { agreement, metric, cycle, party } = clock
  const { policy, pin } = whoseStep(i.step, clock, book)
  const { step, kind, level, tell: recipients, percent } = aboutStep(i.step, metric, policy)
  const targetMs = clock.targetMs ?? 0
  const at = toldAt(i.at, policy, book)
  const data = {
    item,
    agreement,
    metric,
    cycle,
    step,
    level,
    tell: recipients,
    onCall: recipients.flatMap((one) => (typeof one === 'string' ? [] : book.onCall(one.onCall, at))),
    party,
    policy: pin,
    targetMs,
    reachedAt: toIso(i.at),
  }
  if (kind === 'warned') return { type: 'sla.warned', v: 1, at, data: json({ ...data, percent }) }
  const counted = countedAt(clock.clock, Math.max(noticedAt, clock.clock.since!), countedOn(clock, book))
  return { type: `sla.${kind}`, v: 1, at, data: json({ ...data, overMs: Math.max(1, counted - targetMs) }) }
}

/**
 * The policy whose step it is: the clock's own, or where facts were heard late another one of the agreement, under which the step
 * was reached before this one took over.
 */
function whoseStep(name: string, clock: ItemClock, book: Book): { readonly policy: Policy; readonly pin: ItemClock['policy'] } {
  const own = book.byId.get(clock.policy.id)!
  const others = book.policies.filter(({ policy }) => agreementOf(policy) === clock.agreement)
  const { policy, pin } = [own, ...others].find((agreed) => hasStep(agreed.policy, clock.metric, name)) ?? own
  return { policy, pin: policy === own.policy ? clock.policy : { id: pin.id, version: pin.version } }
}

const hasStep = ({ targets }: Policy, metric: string, name: string): boolean => {
  const target = Object.hasOwn(targets, metric) ? targets[metric]! : undefined
  if (!target) return false
  const { warnAt = [], steps = [] } = target
  return name === OVER || warnAt.some(({ percent }) => name === `${percent}%`) || stepNamed(name, steps) !== undefined
}

/** What the policy says of a step by its name. */
function aboutStep(name: string, metric: string, policy: Policy) {
  if (name === OVER) return { step: name, kind: 'breached', level: 0, tell: [], percent: null } as const
  const steps: readonly Step[] = policy.targets[metric]?.steps ?? []
  const found = stepNamed(name, steps)
  if (!found) return aboutUnknown(name)
  const kind = 'over' in found.at ? ('escalated' as const) : ('warned' as const)
  return {
    step: name,
    kind,
    level: steps.indexOf(found) + 1,
    tell: found.tell ?? [],
    percent: 'percent' in found.at ? found.at.percent : null,
  }
}

/** A share of `warnAt`, or a step of a ladder that held when it was reached and no longer does. */
function aboutUnknown(step: string) {
  const kind = / over( #\d+)?$/.test(step) ? ('escalated' as const) : ('warned' as const)
  return { step, kind, level: 0, tell: [], percent: /^\d+%/.test(step) ? Number.parseInt(step, 10) : null }
}
