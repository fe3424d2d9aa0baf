import type { Context, HostReader, Operation } from '@patronkit/core/service'
import { compareText } from '@patronkit/core/storage'
import { type Asking, count, inPages, memberPage, someOf } from './over-tables.ts'
import { type PublishPreview, type SegmentPreview, SHOWN, type Tally, tally } from './preview-count.ts'
import { compileRule, type Entity } from './rules/compile.ts'
import { type Environment, segmentsIn } from './rules/environment.ts'
import type { Rule } from './rules/model.ts'
import type { Sample } from './sampling.ts'

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
    if (i.sample) segments.push(yield* sampled(segment, was, will, i.sample))
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
  const [nextBefore, nextAfter] = [oneByOne(was, PAGE), oneByOne(will, PAGE)]
  let [before, after] = [yield* nextBefore(), yield* nextAfter()]
  while (before !== null || after !== null) {
    const order = before === null ? 1 : after === null ? -1 : compareText(before, after)
    counting.count(order > 0 ? after! : before!, order <= 0, order >= 0)
    if (order <= 0) before = yield* nextBefore()
    if (order >= 0) after = yield* nextAfter()
  }
  return counting.result(null)
}

/** Some customers, as the one declaration and as the other reads them. */
function* sampled(segment: string, was: Asking, will: Asking, sample: Sample): Operation<SegmentPreview> {
  const counting = over(segment, was, will)
  const { ids, sampled: taken } = yield* someOf(will, sample)
  const before = new Map<string, Entity>()
  yield* inPages(was, ids, (page) => {
    for (const entity of page) before.set(entity.id, entity)
  })
  yield* inPages(will, ids, (page) => {
    for (const entity of page) counting.ask(before.get(entity.id) ?? null, entity, will.asOf.getTime())
  })
  return counting.result(taken)
}

const over = (segment: string, was: Asking, will: Asking): Tally => tally(segment, compileRule(was).test, compileRule(will).test)

const PAGE = 1_000

/** The members of a segment of a table, one after the other. */
function oneByOne(asking: Asking, limit: number): () => Operation<string | null> {
  let ids: readonly string[] = []
  let at = 0
  let after: string | null | undefined
  return function* () {
    while (at === ids.length && after !== null) {
      const page: { readonly ids: readonly string[]; readonly next: string | null } = yield* memberPage(asking, { limit, after })
      ids = page.ids
      at = 0
      after = page.next
    }
    return ids[at++] ?? null
  }
}

/** Whether a segment is the edited one or names it, however deep. */
const hangsOn = (segment: string, edited: string, environment: Environment): boolean =>
  segment === edited || segmentsIn(environment.segments![segment]!.where).some((inner) => hangsOn(inner, edited, environment))

/** Whether a segment is one of a source, or of one that leads to it. */
function standsOn(segment: string, source: string, { segments, sources }: Environment): boolean {
  const own = segments![segment]!.source
  const relations = Object.values((Object.hasOwn(sources, own) ? sources[own]! : {}).relations ?? {})
  return own === source || relations.some((of) => !('columns' in of) && of.source === source)
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
