import type { Scalar } from '@patronkit/core'
import {
  all,
  type Context,
  canonicalJson,
  field,
  headsOf,
  list,
  nowFor,
  type Operation,
  once,
  parse,
  read,
  type Unit,
  unitOn,
} from '@patronkit/core/service'
import { SUBJECT } from './record.ts'
import { duplicateId } from './refusals.ts'
import { asJson, targetsSchema } from './schema.ts'
import { targets } from './tables.ts'
import type { Amount } from './targets/progress.ts'

declare global {
  interface PatronkitEvents {
    'kpi.targets-set': { readonly metric: string; readonly subject: string; readonly targets: readonly TargetSet[] }
  }
}

/** A target as it was set; `cell` is the canonical JSON of its dimensions, empty for the whole. */
export interface TargetSet {
  readonly subject: string
  readonly period: string
  readonly cell: string
  readonly amount: string
  readonly revision: number
}

/** Targets of one metric, by subject × period and, where they are told apart, territory, product and the like. */
export interface SetTargets {
  readonly idempotencyKey: string
  readonly metric: string
  readonly targets: readonly {
    readonly subject: string
    readonly period: string
    readonly amount: Amount
    readonly dimensions?: { readonly [name: string]: Scalar }
  }[]
}

export interface TargetsSet {
  readonly metric: string
  readonly targets: readonly TargetSet[]
}

const MOST_REVISIONS = 100_000

/** The name of a target's cell. */
export const cellOf = (dimensions: { readonly [name: string]: Scalar } | undefined): string =>
  dimensions === undefined || Object.keys(dimensions).length === 0 ? '' : canonicalJson(dimensions)

/** Sets targets; one that was set before gets a further revision, and what was closed against the old one stays as it is. */
export function* setTargets(ctx: Context, i: SetTargets): Operation<TargetsSet> {
  const { idempotencyKey, metric, targets: given } = parse(targetsSchema, i, 'setTargets')
  const asked = given.map(({ subject, period, amount, dimensions }) => ({ subject, period, amount, cell: cellOf(dimensions) }))
  refuseTwice(asked)
  return yield* once(ctx, { command: 'kpi.setTargets', idempotencyKey, content: { metric, targets: asJson(asked) } }, function* () {
    const ids = [...new Set(asked.map(({ subject }) => subject))]
    const where = all(
      field('metric').eq(metric),
      field('subject').in(ids),
      field('period').in([...new Set(asked.map(({ period }) => period))]),
    )
    const [heads, rows] = yield* read(ctx, headsOf(SUBJECT, ids), list(targets, { where, limit: MOST_REVISIONS }))
    const latest = new Map<string, number>()
    for (const row of rows) latest.set(placeOf(row), Math.max(row.revision, latest.get(placeOf(row)) ?? 0))
    const set = asked.map((one) => ({ ...one, revision: (latest.get(placeOf(one)) ?? 0) + 1 }))
    // each subject's targets are events of that subject, so that they go with it when it is erased
    const units = ids.map((subject, at) => {
      const mine = set.filter((one) => one.subject === subject)
      const now = nowFor(ctx, heads[at]!)
      const events = [{ type: 'kpi.targets-set', v: 1, at: now, data: asJson({ metric, subject, targets: mine }) }]
      const writes = mine.map((one) => ({ write: 'insert', table: targets, row: { metric, ...one, set_at: now } }) as const)
      return unitOn(ctx, { kind: SUBJECT, subject, head: heads[at]!, events, writes })
    })
    return { units: [together(units)], answer: { metric, targets: set } }
  })
}

/** All or none: one unit under the heads of all subjects. */
const together = (units: readonly Unit[]): Unit => ({
  ...units[0]!,
  heads: units.flatMap(({ heads }) => heads),
  writes: units.flatMap(({ writes }) => writes),
  events: units.flatMap(({ events }) => events),
})

const placeOf = (one: { readonly subject: string; readonly period: string; readonly cell: string }): string =>
  JSON.stringify([one.subject, one.period, one.cell])

function refuseTwice(asked: readonly { readonly subject: string; readonly period: string; readonly cell: string }[]): void {
  const seen = new Set<string>()
  for (const one of asked) {
    const place = placeOf(one)
    if (seen.has(place)) throw duplicateId(`${one.subject} ${one.period} ${one.cell}`.trim(), 'targets')
    seen.add(place)
  }
}
