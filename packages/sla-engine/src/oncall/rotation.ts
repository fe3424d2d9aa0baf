import type { Definition, Instant, LocalDate } from '@patronkit/core'

/** People who take turns. Layers stand side by side: whom to call first, whom next. */
export interface Layer {
  readonly id: string
  /** In the order of their turns; null is a turn that nobody has. */
  readonly people: readonly (string | null)[]
  /** The local day of the first turn. Before it nobody is on call. */
  readonly starts: LocalDate
  /** The wall time at which a turn ends and the next begins: `09:00`. */
  readonly handOver: string
  /** How long a turn is. Local days, so the hand-over stays at its wall time when clocks are put forward or back. */
  readonly every: { readonly days: number } | { readonly weeks: number }
}

/** Somebody stands in, from one instant to another; null is nobody. Of those that overlap the one listed last holds. */
export interface Override<I = Instant> {
  readonly layer: string
  readonly from: I
  readonly to: I
  readonly person: string | null
}

/** Who is on call when, as plain JSON. */
export interface Rotation {
  /** IANA name of the zone in which hand-overs are read. */
  readonly zone: string
  readonly layers: readonly Layer[]
  readonly overrides: readonly Override<string>[]
}

export type RotationDefinition = Definition<'rotation', Rotation>
