import { openZone, type Zone } from '@patronkit/business-time/zone'
import { DAY, HOUR, MINUTE } from '@patronkit/core/service'
import type { Layer, Rotation } from './rotation.ts'

/** A turn: the n-th from the layer's start, who has it, and its instants. Before the first turn nobody has one. */
export interface Turn {
  readonly person: string | null
  readonly from: number
  readonly to: number
}

/** The turns of one layer. */
export interface Turns {
  readonly layer: string
  at(at: number): Turn
}

const known = new WeakMap<Rotation, readonly Turns[]>()

/** The turns of a rotation's layers; read once for as long as the definition lives. */
export function turnsOf(rotation: Rotation): readonly Turns[] {
  let turns = known.get(rotation)
  if (!turns) {
    const zone = openZone(rotation.zone)
    turns = rotation.layers.map((layer) => ({ layer: layer.id, at: turnsOfLayer(layer, zone) }))
    known.set(rotation, turns)
  }
  return turns
}

function turnsOfLayer(layer: Layer, zone: Zone): Turns['at'] {
  const days = 'weeks' in layer.every ? 7 * layer.every.weeks : layer.every.days
  const firstDay = Date.parse(`${layer.starts}T00:00:00Z`) / DAY
  const [hours, minutes] = layer.handOver.split(':').map(Number) as [number, number]
  const handOver = hours * HOUR + minutes * MINUTE

  const startOf = (turn: number): number => {
    const wall = (firstDay + turn * days) * DAY + handOver
    zone.cover(wall - 3 * DAY, wall + 3 * DAY)
    return zone.resolve(wall)
  }
  return (at) => {
    zone.cover(at - 3 * DAY, at + 3 * DAY)
    const wall = at + zone.offsetAt(at)
    // wall time is not quite in the order of instants where clocks are put back, so the neighbours are looked at
    let turn = Math.floor((wall - handOver - firstDay * DAY) / (days * DAY))
    while (startOf(turn) > at) turn--
    while (startOf(turn + 1) <= at) turn++
    if (turn < 0) return { person: null, from: Number.NEGATIVE_INFINITY, to: startOf(0) }
    return { person: layer.people[turn % layer.people.length]!, from: startOf(turn), to: startOf(turn + 1) }
  }
}
