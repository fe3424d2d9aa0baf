import type { Instant } from '@patronkit/core'
import { PatronkitError } from '@patronkit/core'
import { toMs } from '@patronkit/core/service'
import { insideHorizon } from '../figures/horizon.ts'
import type { Override, RotationDefinition } from './rotation.ts'
import { type Turns, turnsOf } from './turns.ts'

/** Who one layer has on call, from when and until when. */
export interface OnCall {
  readonly layer: string
  /** Null is a gap: nobody is on call. */
  readonly person: string | null
  /** Null where it has always been so: before the first turn. */
  readonly from: Date | null
  readonly until: Date
  /** `before-start`: the layer has not begun yet. */
  readonly because: 'turn' | 'override' | 'before-start'
}

/** Who is on call at an instant: exactly one answer for each layer, in their order. At a hand-over it is the one who takes over. */
export function onCall(i: { readonly rotation: RotationDefinition; readonly at: Instant }): readonly OnCall[] {
  const at = insideHorizon(toMs(i.at, 'at'), 'at')
  return turnsOf(i.rotation.body).map((turns) => stretchAt(turns, overridesOf(i.rotation, turns.layer), at))
}

/** Every stretch of every layer that touches [from, to), layer by layer. A stretch ends where a turn or an override begins or ends. */
export function listOnCall(i: { readonly rotation: RotationDefinition; readonly from: Instant; readonly to: Instant }): readonly OnCall[] {
  const from = insideHorizon(toMs(i.from, 'from'), 'from')
  const to = insideHorizon(toMs(i.to, 'to'), 'to')
  return turnsOf(i.rotation.body).flatMap((turns) => {
    const overrides = overridesOf(i.rotation, turns.layer)
    const stretches: OnCall[] = []
    for (let at = from; at < to; ) {
      if (stretches.length >= MOST) throw tooLong(i.rotation.id)
      const stretch = stretchAt(turns, overrides, at)
      stretches.push(stretch)
      at = stretch.until.getTime()
    }
    return stretches
  })
}

/** The stretches of [from, to) in which a layer has nobody. */
export const listGaps = (i: { readonly rotation: RotationDefinition; readonly from: Instant; readonly to: Instant }): readonly OnCall[] =>
  listOnCall(i).filter(({ person }) => person === null)

interface Stands {
  readonly from: number
  readonly to: number
  readonly person: string | null
}

const overridesOf = ({ body }: RotationDefinition, layer: string): readonly Stands[] =>
  body.overrides.filter((override) => override.layer === layer).map(standing)

const standing = ({ from, to, person }: Override<string>): Stands => ({ from: Date.parse(from), to: Date.parse(to), person })

function stretchAt(turns: Turns, overrides: readonly Stands[], at: number): OnCall {
  const turn = turns.at(at)
  const stands = overrides.findLast(({ from, to }) => from <= at && at < to)
  let [from, until] = [turn.from, turn.to]
  for (const override of overrides) {
    for (const edge of [override.from, override.to]) {
      if (edge <= at) from = Math.max(from, edge)
      else until = Math.min(until, edge)
    }
  }
  return {
    layer: turns.layer,
    person: stands ? stands.person : turn.person,
    from: from === Number.NEGATIVE_INFINITY ? null : new Date(from),
    until: new Date(until),
    because: stands ? 'override' : turn.from === Number.NEGATIVE_INFINITY ? 'before-start' : 'turn',
  }
}

const MOST = 100_000

const tooLong = (rotation: string) => {
  const message = `holds more than ${MOST} stretches of rotation ${rotation}`
  return new PatronkitError({
    code: 'core/invalid-input',
    message: `to: ${message}. Ask for a shorter span.`,
    details: { issues: [{ path: 'to', message }] },
  })
}
