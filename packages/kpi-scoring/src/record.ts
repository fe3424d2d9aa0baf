import { PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  canonicalJson,
  commit,
  field,
  get,
  headOf,
  type Json,
  list,
  nowFor,
  type Operation,
  once,
  parse,
  read,
  toIso,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import type { Measurement } from './metrics/measurements.ts'
import type { MeasurementRow } from './rows.ts'
import { asJson, type MeasurementInput, type RecordInput, recordSchema } from './schema.ts'
import { measurements, subjects } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'kpi.recorded': { readonly subject: string; readonly measurements: readonly RecordedMeasurement[] }
  }
}

interface RecordedMeasurement {
  readonly id: string
  readonly at: string
  readonly name: string
  readonly value: string
  readonly dimensions: Json
}

/** Measurements about one subject. */
export interface RecordMeasurements {
  /** Of the call as a whole. May be left out: each measurement's own id already makes it count once. */
  readonly idempotencyKey?: string
  readonly subject: string
  readonly measurements: readonly Omit<Measurement, 'subject'>[]
}

export interface MeasurementsRecorded {
  readonly subject: string
  /** How many measurements of the call are stored now, from this call or from one before. */
  readonly accepted: number
}

export const SUBJECT = 'kpi-subject'

export function* record(ctx: Context, i: RecordMeasurements): Operation<MeasurementsRecorded> {
  const given = parse(recordSchema, i, 'record')
  const { idempotencyKey, subject } = given
  const answer = { subject, accepted: given.measurements.length }
  if (idempotencyKey === undefined) {
    const unit = yield* unitFor(ctx, given)
    if (unit) yield* commit([unit])
    return answer
  }
  const content = { subject, measurements: asJson(given.measurements) }
  return yield* once(ctx, { command: 'kpi.record', idempotencyKey, content }, function* () {
    return { units: [(yield* unitFor(ctx, given)) ?? NOTHING(ctx)], answer }
  })
}

/** Remembers the key of a call whose measurements are all known. */
const NOTHING = (ctx: Context): Unit => ({ tenant: ctx.tenant, heads: [], writes: [], events: [], timers: [] })

function* unitFor(ctx: Context, given: RecordInput): Operation<Unit | null> {
  const { subject } = given
  const ids = [...new Set(given.measurements.map(({ id }) => id))]
  const [head, row, known] = yield* read(
    ctx,
    headOf(SUBJECT, subject),
    get(subjects, { subject }),
    list(measurements, { where: all(field('subject').eq(subject), field('measurement').in(ids)), limit: ids.length }),
  )
  const fresh = freshOf(subject, known, given.measurements)
  if (fresh.length === 0) return null
  const now = nowFor(ctx, head)
  const before = row?.measurements ?? 0
  const rows = fresh.map((one, n): MeasurementRow => rowOf(subject, one, before + n + 1, now))
  const times = fresh.map(({ at }) => at)
  const [first, last] = times.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [times[0]!, times[0]!])
  const events = [{ type: 'kpi.recorded', v: 1, at: first!, data: asJson({ subject, measurements: fresh.map(told) }) }]
  const counted = {
    subject,
    measurements: before + fresh.length,
    first_at: Math.min(first!, row?.first_at ?? first!),
    last_at: Math.max(last!, row?.last_at ?? last!),
  }
  const writes: readonly Write[] = [
    { write: 'put', table: subjects, row: counted },
    ...rows.map((one): Write => ({ write: 'insert', table: measurements, row: one })),
  ]
  return unitOn(ctx, { kind: SUBJECT, subject, head, events, writes })
}

const rowOf = (subject: string, one: MeasurementInput, arrival: number, now: number): MeasurementRow => ({
  measurement: one.id,
  subject,
  name: one.name,
  at: one.at,
  value: one.value,
  dimensions: one.dimensions ?? null,
  arrival,
  recorded_at: now,
})

const told = (one: MeasurementInput): RecordedMeasurement => ({
  id: one.id,
  at: toIso(one.at),
  name: one.name,
  value: one.value,
  dimensions: one.dimensions ?? null,
})

/** What is new; one that stands twice in a call counts once. The same id with other content is a mistake that must not pass in silence. */
function freshOf(subject: string, known: readonly MeasurementRow[], given: readonly MeasurementInput[]): readonly MeasurementInput[] {
  const seen = new Map(
    known.map((row) => [row.measurement, { ...row, id: row.measurement, value: shortest(row.value), dimensions: row.dimensions }]),
  )
  const fresh: MeasurementInput[] = []
  for (const one of given) {
    const before = seen.get(one.id)
    const now = { ...one, subject, dimensions: one.dimensions ?? null }
    if (!before) {
      fresh.push(one)
      seen.set(one.id, { ...rowOf(subject, one, 0, 0), id: one.id })
      continue
    }
    const differs = (['name', 'at', 'value', 'dimensions'] as const).filter(
      (part) => canonicalJson(before[part]) !== canonicalJson(now[part]),
    )
    if (differs.length > 0) throw otherwise(one.id, differs)
  }
  return fresh
}

/** Some engines keep the noughts behind a decimal point. */
const shortest = (value: string): string => (value.includes('.') ? value.replace(/\.?0+$/, '') : value)

const otherwise = (id: string, differs: readonly string[]) =>
  new PatronkitError({
    code: 'core/idempotency-conflict',
    message: `measurement ${id} of this subject was recorded before with another ${differs.join(', ')}. Give each measurement its own id; to correct one, record the difference.`,
    details: { idempotencyKey: id, differs },
  })
