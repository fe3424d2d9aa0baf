import { z } from 'zod'
import type { Author, ConnectedFact, ItemFacts } from './facts.ts'
import { idSchema, instantSchema, kept, readPayload, refSchema, wordOrNone } from './payload.ts'
import { birth, bornWith, type ConnectorOptions, changeOf, fact, gather, type Reading, saidAuthor } from './words.ts'
import { eventFacts, eventSchema } from './zendesk-events.ts'
import { channelOf, roles, type Via, viaSchema, words } from './zendesk-words.ts'
import './refusals.ts'

export type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
export type { ConnectorOptions } from './words.ts'

/** Ticket audits, webhooks of event types `zen:event-type:ticket.*`, or both. */
export interface ZendeskPayload extends ConnectorOptions {
  /** `audits` of `GET /api/v2/tickets/{id}/audits`, from the ticket's first on. */
  readonly audits?: unknown
  /** Bodies of webhooks. */
  readonly events?: unknown
  /** `users` as side-loaded with the audits (`?include=users`): their `role` says who is an agent. */
  readonly users?: unknown
}

/** https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference/ */
const auditEventSchema = z
  .looseObject({
    id: idSchema,
    type: z.string().max(100),
    field_name: wordOrNone,
    value: z.unknown().optional(),
    previous_value: z.unknown().optional(),
    public: z.boolean().nullish(),
    author_id: refSchema.nullish(),
    recipients: z.array(refSchema).nullish(),
    via: viaSchema,
  })
  .superRefine(({ field_name, value, previous_value }, ctx) => {
    if (!roles.has(field_name ?? '')) return
    for (const [name, word] of Object.entries({ value, previous_value })) {
      if (!wordOrNone.safeParse(word).success) ctx.addIssue({ code: 'custom', path: [name], message: `is no value of ${field_name}` })
    }
  })
type AuditEvent = z.output<typeof auditEventSchema>

/** https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/ */
const auditSchema = z.looseObject({
  id: idSchema,
  ticket_id: idSchema,
  created_at: instantSchema,
  author_id: refSchema.nullish(),
  via: viaSchema,
  events: z.array(auditEventSchema),
})
type Audit = z.output<typeof auditSchema>

const payloadSchema = z
  .looseObject({
    audits: z.array(auditSchema).optional(),
    events: z.array(eventSchema).optional(),
    users: z.array(z.looseObject({ id: refSchema, role: wordOrNone })).optional(),
  })
  .refine(({ audits, events }) => audits || events, 'give `audits` or `events`')

/**
 * Zendesk's ticket audits and ticket webhooks as facts.
 *
 * @example
 * ```ts
 * import { fromZendesk } from '@patronkit/sla-engine/zendesk'
 *
 * export const imported = (page: { audits: unknown; users: unknown }) => fromZendesk(page)
 * export const received = (body: unknown) => fromZendesk({ events: [body] })
 * ```
 */
export function fromZendesk({ audits, events, users, ...options }: ZendeskPayload): readonly ItemFacts[] {
  const payload = readPayload('zendesk', payloadSchema, { audits, events, users })
  const people = new Map(
    (payload.users ?? []).flatMap(({ id, role }) => (BY_ROLE.has(role ?? '') ? [[id, BY_ROLE.get(role ?? '')!] as const] : [])),
  )
  const reading = { words, options }
  const fromAudits = [...Map.groupBy(payload.audits ?? [], (audit) => audit.ticket_id).values()].flatMap((ofTicket) =>
    ticketFacts(reading, people, ofTicket),
  )
  const fromEvents = (payload.events ?? []).flatMap((event, n) =>
    eventFacts(reading, event, `events.${n}`).map((fact) => ({ item: event.detail.id, fact })),
  )
  return gather(reading, [...fromAudits, ...fromEvents])
}

/** What the audits up to one of them have told of the people. Never what later ones tell: a replay of fewer audits has to answer the same. */
interface Known {
  readonly people: Map<string, Author>
  requester: string | null
}

const BY_ROLE: ReadonlyMap<string, Author> = new Map([
  ['end-user', 'customer'],
  ['agent', 'agent'],
  ['admin', 'agent'],
])

function ticketFacts(reading: Reading, people: ReadonlyMap<string, Author>, audits: readonly Audit[]) {
  const known: Known = { people: new Map(people), requester: null }
  const inTime = [...audits].sort((a, b) => a.created_at - b.created_at)
  return inTime.flatMap((audit) => auditFacts(reading, known, audit).map((fact) => ({ item: audit.ticket_id, fact })))
}

function auditFacts(reading: Reading, known: Known, audit: Audit): readonly ConnectedFact[] {
  for (const event of audit.events) learn(known, event)
  const born = audit.events.filter((event) => event.type === 'Create')
  const macro = audit.events.find((event) => event.type === 'AgentMacroReference')
  return [
    ...(born.length > 0 ? opening(reading, known, audit, born) : []),
    ...audit.events.flatMap((event) => auditEventFacts(reading, known, audit, event, macro)),
  ]
}

function learn(known: Known, { type, field_name, value }: AuditEvent): void {
  if ((type !== 'Create' && type !== 'Change') || (typeof value !== 'string' && typeof value !== 'number')) return
  if (field_name === 'requester_id') known.requester = String(value)
  if (field_name === 'assignee_id') known.people.set(String(value), 'agent')
}

function opening(reading: Reading, known: Known, audit: Audit, born: readonly AuditEvent[]): readonly ConnectedFact[] {
  const values = born.map((event) => [event.field_name ?? '', event.value] as const)
  const channel = channelOf(audit.via)
  return birth(reading, {
    id: `zendesk/audit/${audit.id}/created`,
    type: 'created',
    at: audit.created_at,
    author: authorOf(reading, known, audit.author_id, audit.via),
    channel,
    attributes: { ...bornWith(reading, values), ...(channel && { channel }) },
    data: { by: audit.author_id, via: audit.via, born: kept(Object.fromEntries(values), [...roles.keys()]) },
    unknown: kept(audit, AUDIT_WORDS),
  })
}

const AUDIT_WORDS = ['id', 'ticket_id', 'created_at', 'author_id', 'events', 'metadata', 'via']
const COMMENT_WORDS = ['id', 'audit_id', 'type', 'public', 'author_id', 'body', 'html_body', 'plain_body', 'attachments', 'via']
const NOTIFICATION_WORDS = ['id', 'type', 'subject', 'body', 'recipients', 'via']
const CHANGE_WORDS = ['id', 'type', 'field_name', 'value', 'previous_value']

function auditEventFacts(
  reading: Reading,
  known: Known,
  audit: Audit,
  event: AuditEvent,
  macro: AuditEvent | undefined,
): readonly ConnectedFact[] {
  const via = event.via ?? audit.via
  const id = `zendesk/audit/${audit.id}/${event.id}`
  switch (event.type) {
    case 'Comment':
    case 'VoiceComment': {
      const by = event.author_id ?? audit.author_id
      const isPublic = event.public ?? true
      const data = { by, macro: macro?.macro_title ?? macro?.macro_id, via }
      const unknown = kept(event, COMMENT_WORDS)
      const author = authorOf(reading, known, by, via, isPublic)
      const channel = event.type === 'VoiceComment' ? 'phone' : channelOf(via)
      return [
        fact(reading, {
          id,
          type: 'message',
          at: audit.created_at,
          author,
          visibility: isPublic ? 'public' : 'internal',
          channel,
          data,
          unknown,
        }),
      ]
    }
    // a trigger's or automation's mail: the customer got an answer, but nobody gave it
    case 'Notification':
    case 'NotificationWithCcs': {
      const isPublic = known.requester !== null && (event.recipients ?? []).includes(known.requester)
      const visibility = isPublic ? 'public' : 'internal'
      const unknown = kept(event, NOTIFICATION_WORDS)
      const mail = {
        id,
        type: 'message',
        at: audit.created_at,
        author: 'automation',
        visibility,
        channel: 'email',
        data: { via },
        unknown,
      } as const
      return isRule(via) ? [fact(reading, mail)] : []
    }
    case 'Change':
      return [change(reading, audit, event)]
    default:
      return []
  }
}

function change(reading: Reading, audit: Audit, event: AuditEvent): ConnectedFact {
  const id = `zendesk/audit/${audit.id}/${event.id}`
  const [field, from, to] = [event.field_name ?? '', event.previous_value, event.value]
  return changeOf(reading, { id, at: audit.created_at, field, from, to, by: audit.author_id, unknown: kept(event, CHANGE_WORDS) })
}

const isRule = (via: Via): boolean => via?.channel === 'rule' || ['trigger', 'automation'].includes(via?.source?.rel ?? '')

/**
 * The requester speaks as the customer, also where they are an agent themselves. Who nobody knows is a third party, whose
 * messages start and stop no clock.
 */
function authorOf(reading: Reading, known: Known, id: string | null | undefined, via: Via, isPublic = true): Author {
  if (isRule(via) || id === '-1') return 'automation'
  const said = saidAuthor(reading, id)
  if (said) return said
  if (via?.channel?.startsWith('answer_bot')) return 'bot'
  if (id === known.requester && id !== null && isPublic) return 'customer'
  // only people of the desk write internal notes
  return isPublic ? (known.people.get(id ?? '') ?? 'third-party') : 'agent'
}
