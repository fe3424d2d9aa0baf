import type { Definition, Instant } from '@patronkit/core'
import { type Context, type Operation, parse, read } from '@patronkit/core/service'
import { type AskDeps, everybody } from './ask.ts'
import { looksOf } from './decide.ts'
import { type PublishPreview, type SegmentPreview, tally } from './preview-count.ts'
import { previewTable } from './preview-table.ts'
import { candidate, check, reachedBy } from './publish.ts'
import { noTables, wrong } from './refusals.ts'
import { type Rules, type Shelf, shelfOf } from './rulebook.ts'
import type { SegmentRule } from './rules/environment.ts'
import type { Sample } from './sampling.ts'
import { sampleSchema } from './schema.ts'

/** Everybody, or a sample, asked by the rules as they are and as they would be, as if they held from now on. Nothing is written. */
export function* previewPublish(
  deps: AskDeps,
  ctx: Context,
  i: { definition: Definition; effectiveFrom?: Instant; sample?: Sample },
): Operation<PublishPreview> {
  const sample = parse(sampleSchema, i.sample, 'preview.publish')
  const shelf = yield* deps.book.shelf(ctx, yield* read(ctx, ...deps.book.mark))
  const added = candidate(ctx, i, shelf)
  if (!added)
    throw wrong(
      'definition',
      'is not a source, segment or list of the right shape',
      'Make it with defineSegment, defineSource or defineList.',
    )
  check(added, shelf)
  const would = shelfOf([...shelf.definitions, { ...added, effectiveFrom: Math.min(added.effectiveFrom, ctx.now) }]).at(ctx.now)
  const source = added.kind === 'source' ? added.id : (added.body as SegmentRule).source
  if (would.environment.sources[source]?.table !== undefined) {
    if (!deps.tables) throw noTables(added.id)
    const asked = { kind: added.kind, edited: added.id, source, is: shelf.environment, would: would.environment, sample }
    return yield* previewTable(ctx, deps.tables, asked)
  }
  const own = yield* previewKept(ctx, source, shelf, would, sample)
  const segments: SegmentPreview[] = [...own.segments]
  // what is asked of people reaches those to whom they belong
  for (const other of reachedBy(added, would))
    if (other !== source && changedSegments(shelf.now(other), would.now(other)).length > 0)
      segments.push(...(yield* previewKept(ctx, other, shelf, would, sample)).segments)
  return { ...own, segments }
}

function* previewKept(ctx: Context, source: string, shelf: Shelf, shelfThen: Shelf, sample: Sample | undefined): Operation<PublishPreview> {
  const [is, would] = [shelf.now(source), shelfThen.now(source)]
  const changed = changedSegments(is, would)
  const counts = changed.map((segment) => tally(segment, is.book.test(segment), would.book.test(segment)))
  const types = [...is.segments, ...would.segments].flatMap(([segment, { needs }]) => (changed.includes(segment) ? [...needs.events] : []))
  const looked = { events: [...new Set(types)], members: looksOf([is, would], changed) }
  const sampled = yield* everybody(ctx, shelfThen, source, looked, sample, (page) => {
    for (const entity of page) for (const count of counts) count.ask(entity, entity, ctx.now)
  })
  return { of: sampled.of, segments: counts.map((count) => count.result(sample ? sampled : null)) }
}

const changedSegments = (is: Rules, would: Rules): readonly string[] =>
  [...new Set([...is.segments.keys(), ...would.segments.keys()])]
    .filter((segment) => is.segments.get(segment)?.print !== would.segments.get(segment)?.print)
    .sort()
