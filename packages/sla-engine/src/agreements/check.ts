import { alwaysOpen, type CalendarDefinition, compileCalendar, type WorkingCalendar } from '@patronkit/business-time/calendar'
import { PatronkitError } from '@patronkit/core'
import { DAY, isWorking, toMs } from '@patronkit/core/service'
import { insideHorizon } from '../figures/horizon.ts'
import { AROUND_THE_CLOCK, agreementOf, calendarIdsOf, DEFAULT_AGREEMENT, type SlaPolicy } from '../policy.ts'
import { type Link, type WorstFit, worstFit } from './chain.ts'
import { attributesOf, kindsOf, valuesOf } from './kinds.ts'
import type { AgreementCheck, AgreementQuestion } from './model.ts'
import { type Counted, countedOf, holding, type Inside, insideOf } from './shares.ts'

/**
 * Adds up what was agreed inside (each team once, one after the other) for every kind of item that the policies tell apart, and
 * compares it with what was promised outside, in its own unit and for the worst start of the span: where a team's hours are shorter
 * than those of the promise, it takes longer. Worst first.
 *
 * @example
 * ```ts
 * import { defineCalendar } from '@patronkit/business-time'
 * import { field } from '@patronkit/core'
 * import { defineSlaPolicy } from '@patronkit/sla-engine'
 * import { checkAgreements } from '@patronkit/sla-engine/agreements'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const ola = (team: string, workingHours: number) => defineSlaPolicy({ id: team, agreement: 'ola', per: 'team', calendar: 'office',
 *   when: field('team').eq(team), targets: { ownership: { within: { workingHours } } } })
 * const policies = [
 *   defineSlaPolicy({ id: 'gold', calendar: 'office', targets: { resolution: { within: { workingHours: 8 } } } }),
 *   ola('first-line', 3), ola('second-line', 6),
 * ]
 * const [worst] = checkAgreements({ policies, calendars: [office], from: '2026-01-01T00:00:00Z' })
 * console.log(worst?.fits, worst?.leftMs) // false, -3600000: nine hours do not go into eight
 * ```
 */
export function checkAgreements(i: AgreementQuestion): readonly AgreementCheck[] {
  const { outer = DEFAULT_AGREEMENT, uses = { ownership: 'resolution' } } = i
  const policies = [...i.policies].sort((a, b) => (a.body.order ?? 100) - (b.body.order ?? 100) || (a.id < b.id ? -1 : 1))
  const calendars = calendarsOf(i.calendars, policies)
  const worst = worstFinder(i, calendars)
  const byAgreement = Map.groupBy(policies, ({ body }) => agreementOf(body))
  const bodies = policies.map(({ body }) => body)
  const known = valuesOf(bodies)
  const partiesOf = (attribute: string) => i.parties?.[attribute] ?? [...(known.get(attribute) ?? [])].map(String)
  const usedBy = (metric: string) => (policy: SlaPolicy) =>
    Object.keys(policy.body.targets).find((one) => one === metric || (Object.hasOwn(uses, one) && uses[one] === metric))

  const checks = new Map<string, AgreementCheck>()
  for (const kind of kindsOf(bodies, new Set(bodies.flatMap(({ per }) => per ?? [])))) {
    const attributes = attributesOf(kind)
    const promising = holding(byAgreement.get(outer) ?? [], attributes)
    for (const metric of Object.keys(promising?.body.targets ?? {})) {
      const promise = countedOf(promising!, metric, attributes, null)
      if (!promise) continue
      for (const chain of chainsOf([...byAgreement.keys()], outer, i.together)) {
        const inside = joined(chain.map((agreement) => insideOf(byAgreement.get(agreement)!, kind, partiesOf, usedBy(metric))))
        if (inside.counted.length === 0) continue
        const key = JSON.stringify([chain, promise, inside])
        if (checks.has(key)) continue
        const found = judged(promise, inside, worst)
        checks.set(key, { agreement: chain.join(' + '), attributes: JSON.parse(JSON.stringify(attributes)), ...found })
      }
    }
  }
  return [...checks.values()].sort((a, b) => a.leftMs - b.leftMs)
}

/** Which agreements are added up together. */
function chainsOf(agreements: readonly string[], outer: string, together: readonly string[] = []): readonly (readonly string[])[] {
  const joint = together.filter((agreement) => agreements.includes(agreement))
  const alone = agreements.filter((agreement) => agreement !== outer && !joint.includes(agreement))
  return [...(joint.length > 0 ? [joint] : []), ...alone.map((agreement) => [agreement])]
}

const joined = (parts: readonly Inside[]): Inside => ({
  counted: parts.flatMap(({ counted }) => counted),
  unbound: parts.flatMap(({ unbound }) => unbound),
})

type WorstOf = (promise: Counted, shares: readonly Counted[]) => WorstFit

function judged(promise: Counted, { counted, unbound }: Inside, worst: WorstOf): Omit<AgreementCheck, 'agreement' | 'attributes'> {
  const fits = ordersOf(counted).map((order) => worst(promise, order))
  const { start, allowedMs, takenMs } = fits.reduce((a, b) => (b.takenMs - b.allowedMs > a.takenMs - a.allowedMs ? b : a))
  return {
    promise: promise.share,
    shares: counted.map(({ share }) => share),
    unbound,
    counts: isWorking(promise.share.length) ? 'working' : 'wall',
    allowedMs,
    sumMs: takenMs,
    leftMs: allowedMs - takenMs,
    worstStart: new Date(start),
    fits: takenMs <= allowedMs && unbound.length === 0,
  }
}

/** Searches the span once for each chain of lengths; kinds of items often share theirs. */
function worstFinder(i: AgreementQuestion, calendars: ReadonlyMap<string, WorkingCalendar>): WorstOf {
  const from = insideHorizon(toMs(i.from, 'from'), 'from')
  const to = i.to === undefined ? from + 365 * DAY : insideHorizon(toMs(i.to, 'to'), 'to')
  const link = ({ share, calendar }: Counted): Link => ({ length: share.length, calendar: calendars.get(calendar)! })
  const known = new Map<string, WorstFit>()
  return (promise, shares) => {
    const key = JSON.stringify([promise, ...shares].map(({ share, calendar }) => [share.length, calendar]))
    const fit = known.get(key) ?? worstFit(link(promise), shares.map(link), from, to)
    known.set(key, fit)
    return fit
  }
}

/** Where calendars or units differ, the order of the hand-overs matters: every order of up to five, else the one given. */
function ordersOf(shares: readonly Counted[]): readonly (readonly Counted[])[] {
  const alike =
    new Set(shares.map(({ calendar }) => calendar)).size === 1 &&
    shares.every(({ share: { length } }) => isWorking(length) && length.workingDays === undefined)
  return alike || shares.length > 5 ? [shares] : permutations(shares)
}

const permutations = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.length <= 1 ? [all] : all.flatMap((one, n) => permutations(all.toSpliced(n, 1)).map((rest) => [one, ...rest]))

function calendarsOf(given: readonly CalendarDefinition[], policies: readonly SlaPolicy[]): ReadonlyMap<string, WorkingCalendar> {
  const found = new Map([[AROUND_THE_CLOCK, alwaysOpen], ...given.map((calendar) => [calendar.id, compileCalendar({ calendar })] as const)])
  for (const { id, body } of policies) {
    const missing = calendarIdsOf(body).find((calendar) => calendar !== body.quietOutside && !found.has(calendar))
    if (missing === undefined) continue
    const message = `lacks ${missing}, which policy ${id} counts on`
    throw new PatronkitError({
      code: 'core/invalid-input',
      message: `calendars: ${message}. Give its definition too.`,
      details: { issues: [{ path: 'calendars', message }] },
    })
  }
  return found
}
