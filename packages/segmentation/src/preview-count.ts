import type { Entity, EntityTest } from './rules/compile.ts'
import { type Bounds, boundsOf, estimate, type Sampled } from './sampling.ts'

/** What publishing a definition would come to, for one segment whose answer hangs on it. */
export interface SegmentPreview {
  readonly segment: string
  readonly before: number
  readonly after: number
  readonly entering: number
  readonly leaving: number
  /** The first of them, by id; with a sample, of those asked. */
  readonly enter: readonly string[]
  readonly leave: readonly string[]
  /** Where only a sample was asked: which, and between what the numbers are for everybody. */
  readonly sample?: Sampled
  readonly bounds?: { readonly [K in 'before' | 'after' | 'entering' | 'leaving']: Bounds }
}

export interface PublishPreview {
  /** Customers of the source; without a sample all of them were asked by both rules. */
  readonly of: number
  /**
   * Segments whose rules change, those that name the one edited included, also of companies whose people it is about. One that comes to
   * be about other customers is there twice: as those enter, and as those it was about leave.
   */
  readonly segments: readonly SegmentPreview[]
}

/** How many of those who enter and leave are named. */
export const SHOWN = 20

/** Counts who would enter and leave one segment. */
export interface Tally {
  /** A customer as they are and as they would be; null where they are not there. */
  ask(is: Entity | null, would: Entity | null, now: number): void
  count(id: string, before: boolean, after: boolean): void
  result(sampled: Sampled | null): SegmentPreview
}

export function tally(segment: string, was: EntityTest, will: EntityTest): Tally {
  const found = { before: 0, after: 0, entering: 0, leaving: 0 }
  const enter: string[] = []
  const leave: string[] = []
  const count = (id: string, before: boolean, after: boolean) => {
    found.before += Number(before)
    found.after += Number(after)
    if (before === after) return
    found[after ? 'entering' : 'leaving']++
    const shown = after ? enter : leave
    if (shown.length < SHOWN) shown.push(id)
  }
  return {
    count,
    ask: (is, would, now) => count((is ?? would)!.id, is !== null && was(is, now), would !== null && will(would, now)),
    result: (sampled) => {
      if (!sampled) return { segment, ...found, enter, leave }
      const [before, after, entering, leaving] = [found.before, found.after, found.entering, found.leaving].map((one) =>
        estimate(one, sampled),
      )
      return {
        segment,
        before: before!.members,
        after: after!.members,
        entering: entering!.members,
        leaving: leaving!.members,
        enter,
        leave,
        sample: sampled,
        bounds: { before: boundsOf(before!), after: boundsOf(after!), entering: boundsOf(entering!), leaving: boundsOf(leaving!) },
      }
    },
  }
}
