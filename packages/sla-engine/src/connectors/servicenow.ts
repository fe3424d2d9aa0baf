import { z } from 'zod'
import type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
import { idSchema, instantSchema, kept, readPayload, refSchema, wordOrNone, wordSchema } from './payload.ts'
import {
  birth,
  bornWith,
  type ConnectorOptions,
  changeOf,
  type Found,
  fact,
  gather,
  type Reading,
  type Role,
  saidAuthor,
  snapshot,
  statusOf,
  statusType,
  type Vocabulary,
} from './words.ts'
import './refusals.ts'

export type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
export type { ConnectorOptions } from './words.ts'

/** Rows of the Table API, read with `sysparm_display_value=false`: its times are then UTC. An item has the task's `sys_id`. */
export interface ServiceNowPayload extends ConnectorOptions {
  /** Rows of `sys_audit` about a task: what was changed. */
  readonly audits?: unknown
  /** Rows of `sys_journal_field` about a task: comments and work notes. */
  readonly journals?: unknown
  /** Rows of `task`, `incident` and so on. Ask for `caller_id.user_name` too: journals name people by it. */
  readonly records?: unknown
}

/** The states of the tables as they are delivered; `hold:` are the reasons of an incident on hold. */
const INCIDENT = new Map<string, Status>([
  ['1', 'new'],
  ['2', 'open'],
  ['3', 'hold'],
  ['6', 'solved'],
  ['7', 'closed'],
  ['8', 'closed'],
  ['hold:1', 'pending'],
  ['hold:2', 'hold'],
  ['hold:3', 'hold'],
  ['hold:4', 'hold'],
])
const CASE = new Map<string, Status>([
  ['1', 'new'],
  ['10', 'open'],
  ['18', 'pending'],
  ['6', 'solved'],
  ['3', 'closed'],
  ['7', 'closed'],
])
const TASK = new Map<string, Status>([
  ['-5', 'hold'],
  ['1', 'new'],
  ['2', 'open'],
  ['3', 'closed'],
  ['4', 'closed'],
  ['7', 'closed'],
])
const NAMED: readonly (readonly [string, Status])[] = [
  ['new', 'new'],
  ['open', 'open'],
  ['in progress', 'open'],
  ['work in progress', 'open'],
  ['awaiting info', 'pending'],
  ['pending', 'hold'],
  ['on hold', 'hold'],
  ['resolved', 'solved'],
  ['closed', 'closed'],
  ['closed complete', 'closed'],
  ['closed incomplete', 'closed'],
  ['closed skipped', 'closed'],
  ['canceled', 'closed'],
]

const priorities = new Map([
  ['1', 'critical'],
  ['2', 'high'],
  ['3', 'moderate'],
  ['4', 'low'],
  ['5', 'planning'],
])

const roles = new Map<string, Role>([
  ['state', 'status'],
  ['priority', 'priority'],
  ['assigned_to', 'assignee'],
  ['assignment_group', 'team'],
  ['caller_id', 'requester'],
  ['category', 'type'],
])

const wordsOf = (statuses: ReadonlyMap<string, Status>): Vocabulary => ({
  vendor: 'servicenow',
  statuses: new Map([...NAMED, ...statuses]),
  priorities,
  roles,
})
const BY_TABLE: ReadonlyMap<string, Vocabulary> = new Map([
  ['incident', wordsOf(INCIDENT)],
  ['sn_customerservice_case', wordsOf(CASE)],
])
const OTHER = wordsOf(TASK)

/** A value, or a reference as `{ link, value }`, or both readings as `{ display_value, value }`. */
const cellSchema = z
  .union([wordSchema, z.looseObject({ value: wordOrNone }).transform(({ value }) => value ?? ''), z.null()], {
    error: 'is no value of a field',
  })
  .transform((value) => value || null)
  .optional()

/** `2026-03-02 09:15:00`, in UTC */
const timeSchema = z.preprocess((value) => {
  const bare = typeof value === 'object' && value !== null && 'value' in value ? value.value : value
  return typeof bare === 'string' ? bare.replace(/^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/, '$1T$2Z') : bare
}, instantSchema)

/** https://www.servicenow.com/docs, "Understanding the sys_audit table" */
const auditSchema = z.looseObject({
  sys_id: idSchema,
  documentkey: idSchema,
  tablename: z.string(),
  fieldname: z.string().max(100),
  oldvalue: z.unknown().optional(),
  newvalue: z.unknown().optional(),
  user: refSchema.nullish(),
  sys_created_on: timeSchema,
})
type Audit = z.output<typeof auditSchema>

/** https://www.servicenow.com/docs, "Journal field type" */
const journalSchema = z.looseObject({
  sys_id: idSchema,
  element: z.string(),
  element_id: idSchema,
  sys_created_by: refSchema,
  sys_created_on: timeSchema,
})
type Journal = z.output<typeof journalSchema>

const recordSchema = z.looseObject({
  sys_id: idSchema,
  sys_class_name: cellSchema,
  number: cellSchema,
  opened_at: timeSchema.optional(),
  sys_created_on: timeSchema,
  sys_updated_on: timeSchema.optional(),
  opened_by: cellSchema,
  caller_id: cellSchema,
  'caller_id.user_name': cellSchema,
  state: cellSchema,
  hold_reason: cellSchema,
  priority: cellSchema,
  assigned_to: cellSchema,
  assignment_group: cellSchema,
  category: cellSchema,
  contact_type: cellSchema,
})
type Task = z.output<typeof recordSchema>

const payloadSchema = z
  .looseObject({
    audits: z.array(auditSchema).optional(),
    journals: z.array(journalSchema).optional(),
    records: z.array(recordSchema).optional(),
  })
  .refine(({ audits, journals, records }) => audits || journals || records, 'give `audits`, `journals` or `records`')

/**
 * ServiceNow's task records, audit rows and journal entries as facts.
 *
 * @example
 * ```ts
 * import { fromServiceNow } from '@patronkit/sla-engine/servicenow'
 *
 * export const past = (rows: { incidents: unknown; audits: unknown; journals: unknown }) =>
 *   fromServiceNow({ records: rows.incidents, audits: rows.audits, journals: rows.journals })
 * ```
 */
export function fromServiceNow({ audits, journals, records, ...options }: ServiceNowPayload): readonly ItemFacts[] {
  const payload = readPayload('servicenow', payloadSchema, { audits, journals, records })
  const readingOf = (table: string | null | undefined): Reading => ({ words: BY_TABLE.get(table ?? '') ?? OTHER, options })
  const callers = new Map((payload.records ?? []).map((record) => [record.sys_id, record['caller_id.user_name'] ?? null]))
  const auditsOf = Map.groupBy(inTime(payload.audits ?? []), (audit) => audit.documentkey)
  const found: Found[] = []
  for (const record of payload.records ?? []) {
    const past = auditsOf.get(record.sys_id) ?? []
    for (const fact of recordFacts(readingOf(record.sys_class_name ?? past[0]?.tablename ?? 'incident'), record, past))
      found.push({ item: record.sys_id, fact })
  }
  for (const [item, ofTask] of auditsOf)
    for (const fact of ofTask.flatMap((audit) => auditFacts(readingOf(audit.tablename), audit))) found.push({ item, fact })
  for (const journal of payload.journals ?? []) {
    for (const fact of journalFacts(readingOf(null), journal, callers.get(journal.element_id)))
      found.push({ item: journal.element_id, fact })
  }
  return gather(readingOf(null), found)
}

/** By time; a reason for holding comes behind the state that it explains. */
const inTime = (audits: readonly Audit[]): readonly Audit[] =>
  [...audits].sort(
    (a, b) => a.sys_created_on - b.sys_created_on || Number(a.fieldname === 'hold_reason') - Number(b.fieldname === 'hold_reason'),
  )

const bare = (value: unknown): string | null => cellSchema.safeParse(value).data ?? null

const RECORD_WORDS = [
  ...roles.keys(),
  ...`
  sys_id number opened_at sys_created_on sys_updated_on description short_description comments work_notes
  comments_and_work_notes`
    .trim()
    .split(/\s+/),
]

function recordFacts(reading: Reading, record: Task, past: readonly Audit[]): readonly ConnectedFact[] {
  const id = `servicenow/task/${record.sys_id}`
  const first = new Map([...past].reverse().map(({ fieldname, oldvalue }) => [fieldname, bare(oldvalue)] as const))
  const present = Object.entries(record).map(([field, value]) => [field, bare(value)] as const)
  const born = present.map(([field, value]) => [field, first.has(field) ? first.get(field) : value] as const)
  const channel = record.contact_type ?? undefined
  const author = openedBy(reading, record)
  const at = record.opened_at ?? record.sys_created_on
  const numbered = { ...(record.number && { number: record.number }), ...(channel && { channel }) }
  const attributes = { ...(past.length > 0 ? bornWith(reading, born) : {}), ...numbered }
  const data = { by: record.opened_by }
  const created = birth(reading, { id: `${id}/created`, type: 'created', at, author, channel, attributes, data })
  const request = fact(reading, { id: `${id}/request`, type: 'message', at, author, visibility: 'public', channel, data })
  const status = record.state ? statusNow(reading, record) : undefined
  const now = snapshot(reading, {
    id,
    type: status && past.length === 0 ? statusType(undefined, status) : 'field-changed',
    at: record.sys_updated_on ?? at,
    attributes: past.length > 0 ? {} : { ...bornWith(reading, present), ...(status && { status }) },
    unknown: kept(record, RECORD_WORDS),
  })
  return author === 'customer' ? [...created, request, ...now] : [...created, ...now]
}

function openedBy(reading: Reading, { opened_by, caller_id, contact_type }: Task): Author {
  const said = saidAuthor(reading, opened_by)
  if (said) return said
  if (contact_type === 'monitoring' || contact_type === 'event') return 'automation'
  // mail is recorded by the system, in the name of the one who sent it
  return !opened_by || !caller_id || opened_by === caller_id || contact_type === 'email' ? 'customer' : 'agent'
}

const statusNow = (reading: Reading, { state, hold_reason }: Task): Status => {
  const status = statusOf(reading, state!)
  return status === 'hold' && hold_reason ? holding(reading, hold_reason) : status
}

/** A reason for holding in the conventional words; one that nobody explained is a hold. */
function holding(reading: Reading, reason: string): Status {
  const key = `hold:${reason}`
  return reading.words.statuses.has(key) || Object.hasOwn(reading.options.statuses ?? {}, key) ? statusOf(reading, key) : 'hold'
}

const AUDIT_WORDS = ['sys_id', 'documentkey', 'tablename', 'fieldname', 'oldvalue', 'newvalue', 'user', 'sys_created_on', 'sys_created_by']

function auditFacts(reading: Reading, audit: Audit): readonly ConnectedFact[] {
  const { fieldname: field, sys_created_on: at, user: by } = audit
  const id = `servicenow/audit/${audit.sys_id}`
  const [from, to] = [bare(audit.oldvalue), bare(audit.newvalue)]
  const unknown = kept(audit, AUDIT_WORDS)
  // messages come from the journal, which says what kind they are
  if (field === 'comments' || field === 'work_notes') return []
  if (field === 'hold_reason' && to !== null) {
    const attributes = { status: holding(reading, to), vendorStatus: `hold:${to}` }
    return [fact(reading, { id, type: 'status-changed', at, attributes, data: { by, field, from, to }, unknown })]
  }
  return [changeOf(reading, { id, at, field, from, to, by, unknown })]
}

const JOURNAL_WORDS = ['sys_id', 'element', 'element_id', 'sys_created_by', 'sys_created_on', 'value', 'name']

function journalFacts(reading: Reading, journal: Journal, caller: string | null | undefined): readonly ConnectedFact[] {
  const { element, sys_created_by: by } = journal
  if (element !== 'comments' && element !== 'work_notes') return []
  const isPublic = element === 'comments'
  return [
    fact(reading, {
      id: `servicenow/journal/${journal.sys_id}`,
      type: 'message',
      at: journal.sys_created_on,
      author: writerOf(reading, by, isPublic, caller),
      visibility: isPublic ? 'public' : 'internal',
      data: { by },
      unknown: kept(journal, JOURNAL_WORDS),
    }),
  ]
}

function writerOf(reading: Reading, by: string, isPublic: boolean, caller: string | null | undefined): Author {
  const said = saidAuthor(reading, by)
  if (said) return said
  if (by === 'system') return 'automation'
  if (!isPublic) return 'agent'
  if (by === caller || by === 'guest') return 'customer'
  return caller ? 'agent' : 'third-party'
}
