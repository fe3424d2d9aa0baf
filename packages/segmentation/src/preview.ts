import type { Definition, Instant } from '@patronkit/core'
import { type Context, type Operation, read } from '@patronkit/core/service'
import { everybody } from './ask.ts'
import { candidate, check } from './publish.ts'
import { wrong } from './refusals.ts'
import { type Rulebook, shelfOf } from './rulebook.ts'
import type { SegmentRule } from './rules/environment.ts'

/** What publishing a definition would come to, for one segment whose answer hangs on it. */
export interface SegmentPreview {
  readonly segment: string
  readonly before: number
  readonly after: number
  readonly entering: number
  readonly leaving: number
  /** The first of them, by id. */
  readonly enter: readonly string[]
  readonly leave: readonly string[]
}

export interface PublishPreview {
  /** Customers who were asked by both rules. */
  readonly of: number
  /** Segments whose rules change, those that name the one edited included. */
  readonly segments: readonly SegmentPreview[]
}

const SHOWN = 20

/** Everybody asked by the rules as they are and as they would be. Nothing is written. */
export function* previewPublish(
  book: Rulebook,
  ctx: Context,
  i: { definition: Definition; effectiveFrom?: Instant },
): Operation<PublishPreview> {
  const shelf = yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
  const added = candidate(ctx, i, shelf)
  if (!added)
    throw wrong(
      'definition',
      'is not a source, segment or list of the right shape',
      'Make it with defineSegment, defineSource or defineList.',
    )
  check(added, shelf)
  const source = added.kind === 'source' ? added.id : (added.body as SegmentRule).source
  // as if it held from now on, whenever it is to come into force
  const would = shelfOf([...shelf.definitions, { ...added, effectiveFrom: Math.min(added.effectiveFrom, ctx.now) }])
    .at(ctx.now)
    .now(source)
  const is = shelf.now(source)
  const changed = [...new Set([...is.segments.keys(), ...would.segments.keys()])]
    .filter((segment) => is.segments.get(segment)?.print !== would.segments.get(segment)?.print)
    .sort()
  const tests = changed.map((segment) => ({ segment, was: is.book.test(segment), will: would.book.test(segment) }))
  const found = changed.map((segment) => ({
    segment,
    before: 0,
    after: 0,
    entering: 0,
    leaving: 0,
    enter: [] as string[],
    leave: [] as string[],
  }))
  const types = [...is.segments, ...would.segments].flatMap(([segment, { needs }]) => (changed.includes(segment) ? [...needs.events] : []))
  let of = 0
  yield* everybody(ctx, source, [...new Set(types)], (page) => {
    of += page.length
    for (const entity of page) {
      for (const [n, { was, will }] of tests.entries()) {
        const [before, after] = [was(entity, ctx.now), will(entity, ctx.now)]
        const one = found[n]!
        one.before += Number(before)
        one.after += Number(after)
        if (before === after) continue
        one[after ? 'entering' : 'leaving']++
        const shown = after ? one.enter : one.leave
        if (shown.length < SHOWN) shown.push(entity.id)
      }
    }
  })
  return { of, segments: found }
}
