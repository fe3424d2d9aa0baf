import type { Definition, Instant } from '@patronkit/core'
import { type Context, type HostReader, type Operation, read } from '@patronkit/core/service'
import { type AskDeps, everybody } from './ask.ts'
import { looksOf } from './decide.ts'
import { count, memberPage } from './over-tables.ts'
import { candidate, check } from './publish.ts'
import { noTables, wrong } from './refusals.ts'
import { type Rules, type Shelf, shelfOf } from './rulebook.ts'
import { type Environment, type SegmentRule, segmentsIn } from './rules/environment.ts'
import type { Rule } from './rules/model.ts'

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

/** Everybody asked by the rules as they are and as they would be, as if they held from now on. Nothing is written. */
export function* previewPublish(
  deps: AskDeps,
  ctx: Context,
  i: { definition: Definition; effectiveFrom?: Instant },
): Operation<PublishPreview> {
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
  if (would.environment.sources[source]?.table === undefined) {
    const own = yield* previewKept(ctx, source, shelf, would)
    const segments = [...own.segments]
    // what is asked of people reaches those to whom they belong
    for (const owner of new Set(would.owners(source).map((one) => one.source)))
      if (owner !== source && changedSegments(shelf.now(owner), would.now(owner)).length > 0)
        segments.push(...(yield* previewKept(ctx, owner, shelf, would)).segments)
    return { of: own.of, segments }
  }
  if (added.kind === 'source')
    throw wrong('definition', 'describes a table of yours', 'Preview segments of it: what a table holds is not ours to edit.')
  if (!deps.tables) throw noTables(added.id)
  return yield* previewTable(ctx, deps.tables, { source, edited: added.id, is: shelf.environment, would: would.environment })
}

function* previewKept(ctx: Context, source: string, shelf: Shelf, shelfThen: Shelf): Operation<PublishPreview> {
  const [is, would] = [shelf.now(source), shelfThen.now(source)]
  const changed = changedSegments(is, would)
  const tests = changed.map((segment) => ({ was: is.book.test(segment), will: would.book.test(segment) }))
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
  const beside = { events: [...new Set(types)], members: looksOf([is, would], changed) }
  let of = 0
  yield* everybody(ctx, shelfThen, source, beside, (page) => {
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

const changedSegments = (is: Rules, would: Rules): readonly string[] =>
  [...new Set([...is.segments.keys(), ...would.segments.keys()])]
    .filter((segment) => is.segments.get(segment)?.print !== would.segments.get(segment)?.print)
    .sort()

function* previewTable(
  ctx: Context,
  reader: HostReader,
  i: { readonly source: string; readonly edited: string; readonly is: Environment; readonly would: Environment },
): Operation<PublishPreview> {
  const { source, edited, is, would } = i
  const asking = (rule: Rule) => ({ reader, tenant: ctx.tenant, source, rule, environment: would, asOf: new Date(ctx.now) })
  const ruleIn = (environment: Environment, segment: string): Rule => {
    const of = environment.segments?.[segment]
    return of?.source === source ? inlined(of.where, environment) : { op: 'any', of: [] }
  }
  const first = function* (rule: Rule): Operation<readonly string[]> {
    const ids: string[] = []
    for (let after: string | undefined; ids.length < SHOWN; ) {
      const page = yield* memberPage(asking(rule), { limit: SHOWN, after })
      ids.push(...page.ids)
      if (page.next === null) break
      after = page.next
    }
    return ids.slice(0, SHOWN)
  }
  const segments: SegmentPreview[] = []
  let of = 0
  const names = Object.keys(would.segments ?? {}).filter((segment) => hangsOn(segment, edited, would))
  for (const segment of names.sort()) {
    const [before, after] = [ruleIn(is, segment), ruleIn(would, segment)]
    const enter: Rule = { op: 'all', of: [after, { op: 'not', of: before }] }
    const leave: Rule = { op: 'all', of: [before, { op: 'not', of: after }] }
    const counted = yield* count(asking(before))
    of = counted.of
    segments.push({
      segment,
      before: counted.members,
      after: (yield* count(asking(after))).members,
      entering: (yield* count(asking(enter))).members,
      leaving: (yield* count(asking(leave))).members,
      enter: yield* first(enter),
      leave: yield* first(leave),
    })
  }
  return { of, segments }
}

/** Whether a segment is the edited one or names it, however deep. */
const hangsOn = (segment: string, edited: string, environment: Environment): boolean =>
  segment === edited || segmentsIn(environment.segments![segment]!.where).some((inner) => hangsOn(inner, edited, environment))

/** A rule with the rules of the segments that it names in their place, so that two versions of them can stand side by side. */
function inlined(rule: Rule, environment: Environment): Rule {
  switch (rule.op) {
    case 'all':
    case 'any':
      return { op: rule.op, of: rule.of.map((inner) => inlined(inner, environment)) }
    case 'not':
      return { op: 'not', of: inlined(rule.of, environment) }
    case 'score':
      return { ...rule, parts: rule.parts.map(({ weight, when }) => ({ weight, when: inlined(when, environment) })) }
    case 'segment':
      return inlined(environment.segments![rule.segment]!.where, environment)
    default:
      return rule
  }
}
