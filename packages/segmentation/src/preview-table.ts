import type { Context, HostReader, Operation } from '@patronkit/core/service'
import { type Asking, count, EVERYBODY, inPages, oneByOne, sideBySide, someOf } from './over-tables.ts'
import { type PublishPreview, type SegmentPreview, SHOWN, type Tally, tally } from './preview-count.ts'
import { compileRule, type Entity } from './rules/compile.ts'
import { type Environment, segmentsIn } from './rules/environment.ts'
import type { Rule } from './rules/model.ts'
import { type Sample, type Sampled, sampler } from './sampling.ts'

interface Edited {
  readonly kind: string
  readonly edited: string
  readonly source: string
  readonly is: Environment
  readonly would: Environment
  readonly sample: Sample | undefined
}

const NOBODY: Rule = { op: 'any', of: [] }

/** Asks tables by the rules as they are and as they would be. */
export function* previewTable(ctx: Context, reader: HostReader, i: Edited): Operation<PublishPreview> {
  const { would } = i
  const asking = (environment: Environment, source: string, rule: Rule): Asking => ({
    reader,
    tenant: ctx.tenant,
    source,
    rule,
    environment,
    asOf: new Date(ctx.now),
  })
  const hangs = (segment: string) => (i.kind === 'source' ? standsOn(segment, i.source, would) : hangsOn(segment, i.edited, would))
  const segments: SegmentPreview[] = []
  for (const segment of Object.keys(would.segments ?? {})
    .filter(hangs)
    .sort()) {
    const { source } = would.segments![segment]!
    const ruleIn = (environment: Environment): Rule => {
      const of = environment.segments?.[segment]
      return of?.source === source && Object.hasOwn(environment.sources, source) ? inlined(of.where, environment) : NOBODY
    }
    const before = ruleIn(i.is)
    // a source that is not there yet has nobody in it, and a rule over nobody may be asked of the new one
    const was = asking(before === NOBODY ? would : i.is, source, before)
    const will = asking(would, source, ruleIn(would))
    if (i.sample) segments.push(yield* sampled(segment, was, will, { kind: i.kind, sample: i.sample }))
    else segments.push(yield* i.kind === 'source' ? walked(segment, was, will) : counted(segment, was, will))
  }
  const { members: of } = yield* count(asking(would, i.source, { op: 'all', of: [] }))
  return { of, segments }
}

/** Both rules over one table: who enters and leaves is counted in SQL. */
function* counted(segment: string, was: Asking, will: Asking): Operation<SegmentPreview> {
  const enter: Asking = { ...will, rule: { op: 'all', of: [will.rule, { op: 'not', of: was.rule }] } }
  const leave: Asking = { ...will, rule: { op: 'all', of: [was.rule, { op: 'not', of: will.rule }] } }
  const members = function* (asking: Asking): Operation<number> {
    return (yield* count(asking)).members
  }
  return {
    segment,
    before: yield* members({ ...will, rule: was.rule }),
    after: yield* members(will),
    entering: yield* members(enter),
    leaving: yield* members(leave),
    enter: yield* first(enter),
    leave: yield* first(leave),
  }
}

function* first(asking: Asking): Operation<readonly string[]> {
  const ids: string[] = []
  const next = oneByOne(asking, SHOWN)
  for (let id = yield* next(); id !== null && ids.length < SHOWN; id = yield* next()) ids.push(id)
  return ids
}

/** A source that is declared otherwise may be another table: both lists of members are walked side by side, by id. */
function* walked(segment: string, was: Asking, will: Asking): Operation<SegmentPreview> {
  const counting = over(segment, was, will)
  yield* sideBySide(was, will, (id, before, after) => counting.count(id, before, after))
  return counting.result(null)
}

/** Some customers, as the one declaration and as the other reads them: of both, where they may be of different tables. */
function* sampled(
  segment: string,
  was: Asking,
  will: Asking,
  i: { readonly kind: string; readonly sample: Sample },
): Operation<SegmentPreview> {
  const counting = over(segment, was, will)
  const { ids, sampled: taken } = yield* i.kind === 'source' ? someOfBoth(was, will, i.sample) : someOf(will, i.sample)
  const [before, after] = [new Map<string, Entity>(), new Map<string, Entity>()]
  for (const [asking, found] of [
    [was, before],
    [will, after],
  ] as const)
    yield* inPages(asking, ids, (page) => {
      for (const entity of page) found.set(entity.id, entity)
    })
  for (const id of ids)
    if (before.has(id) || after.has(id)) counting.ask(before.get(id) ?? null, after.get(id) ?? null, will.asOf.getTime())
  return counting.result(taken)
}

function* someOfBoth(was: Asking, will: Asking, sample: Sample): Operation<{ readonly ids: readonly string[]; readonly sampled: Sampled }> {
  const { show, taken, sampled } = sampler<string>(sample)
  yield* sideBySide({ ...was, rule: EVERYBODY }, { ...will, rule: EVERYBODY }, (id) => show(id, id))
  return { ids: taken(), sampled: sampled() }
}

const over = (segment: string, was: Asking, will: Asking): Tally => tally(segment, compileRule(was).test, compileRule(will).test)

/** Whether a segment is the edited one or names it, however deep. */
const hangsOn = (segment: string, edited: string, environment: Environment): boolean =>
  segment === edited || segmentsIn(environment.segments![segment]!.where).some((inner) => hangsOn(inner, edited, environment))

/** Whether a segment is one of a source, or of one that leads to it, over others too. */
function standsOn(segment: string, source: string, { segments, sources }: Environment): boolean {
  const reached = new Set([segments![segment]!.source])
  // a set that grows while it is walked
  for (const own of reached)
    for (const of of Object.values((Object.hasOwn(sources, own) ? sources[own]! : {}).relations ?? {}))
      if (!('columns' in of)) reached.add(of.source)
  return reached.has(source)
}

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
    case 'related':
      return { ...rule, where: inlined(rule.where, environment) }
    case 'relatedTotal':
      return rule.where ? { ...rule, where: inlined(rule.where, environment) } : rule
    default:
      return rule
  }
}
