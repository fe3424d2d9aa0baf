import { z } from 'zod'
import type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
import { idSchema, instantSchema, kept, readPayload, refSchema, wordOrNone, wordSchema } from './payload.ts'
import {
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
} from './words.ts'
import './refusals.ts'

export type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
export type { ConnectorOptions } from './words.ts'

/** Tickets and conversations of the API, and the daily export of ticket activities. */
export interface FreshdeskPayload extends ConnectorOptions {
  /** `GET /api/v2/tickets/{id}`. */
  readonly tickets?: unknown
  /** `GET /api/v2/tickets/{id}/conversations`. */
  readonly conversations?: unknown
  /** `activities_data` of the file that `GET /api/v2/export/ticket_activities` links to. */
  readonly activities?: unknown
}

/** By number in tickets, by name in activities. */
const statuses = new Map<string, Status>([
  ['2', 'open'],
  ['3', 'pending'],
  ['4', 'solved'],
  ['5', 'closed'],
  ['6', 'pending'],
  ['7', 'hold'],
  ['open', 'open'],
  ['pending', 'pending'],
  ['resolved', 'solved'],
  ['closed', 'closed'],
  ['waiting on customer', 'pending'],
  ['waiting on third party', 'hold'],
])

const priorities = new Map([
  ['1', 'low'],
  ['2', 'medium'],
  ['3', 'high'],
  ['4', 'urgent'],
])

const roles = new Map<string, Role>([
  ['status', 'status'],
  ['priority', 'priority'],
  ['responder_id', 'assignee'],
  ['agent_id', 'assignee'],
  ['group_id', 'team'],
  ['group', 'team'],
  ['requester_id', 'requester'],
  ['type', 'type'],
  ['ticket_type', 'type'],
])

const words = { vendor: 'freshdesk', statuses, priorities, roles }

/** https://developers.freshdesk.com/api/#tickets */
const ticketSchema = z.looseObject({
  id: idSchema,
  created_at: instantSchema,
  updated_at: instantSchema,
  status: wordSchema,
  priority: wordOrNone,
  source: wordOrNone,
  type: wordOrNone,
  requester_id: refSchema.nullish(),
  responder_id: refSchema.nullish(),
  group_id: refSchema.nullish(),
  custom_fields: z.record(z.string().max(200), z.unknown()).nullish(),
})
type Ticket = z.output<typeof ticketSchema>

/** https://developers.freshdesk.com/api/#conversations */
const conversationSchema = z.looseObject({
  id: idSchema,
  ticket_id: idSchema,
  created_at: instantSchema,
  incoming: z.boolean(),
  private: z.boolean(),
  source: wordOrNone,
  user_id: refSchema.nullish(),
  auto_response: z.boolean().nullish(),
  automation_id: refSchema.nullish(),
})
type Conversation = z.output<typeof conversationSchema>

/** The export writes ISO or `02-03-2026 09:15:00 +0000`. */
const performedSchema = z.preprocess(
  (value) =>
    typeof value === 'string' ? value.replace(/^(\d{2})-(\d{2})-(\d{4}) (\d{2}:\d{2}:\d{2}) ?([+-]\d{4}|Z)$/, '$3-$2-$1T$4$5') : value,
  instantSchema,
)

/** https://developers.freshdesk.com/api/#ticket_activities_export */
const activitySchema = z.looseObject({
  ticket_id: idSchema,
  performed_at: performedSchema,
  performer_type: wordOrNone,
  performer_id: refSchema.nullish(),
  activity: z.looseObject({}),
})
type Activity = z.output<typeof activitySchema>

const payloadSchema = z
  .looseObject({
    tickets: z.array(ticketSchema).optional(),
    conversations: z.array(conversationSchema).optional(),
    activities: z
      .array(
        activitySchema.superRefine(({ activity }, ctx) => {
          for (const [field, value] of Object.entries(activity)) {
            if (roles.has(field) && !wordOrNone.safeParse(value).success)
              ctx.addIssue({ code: 'custom', path: ['activity', field], message: 'is no text or number' })
          }
        }),
      )
      .optional(),
  })
  .refine(
    ({ tickets, conversations, activities }) => tickets || conversations || activities,
    'give `tickets`, `conversations` or `activities`',
  )

/**
 * Freshdesk's tickets, conversations and exported activities as facts.
 *
 * @example
 * ```ts
 * import { fromFreshdesk } from '@patronkit/sla-engine/freshdesk'
 *
 * export const past = (ticket: unknown, conversations: unknown, activities: unknown) =>
 *   fromFreshdesk({ tickets: [ticket], conversations, activities })
 * ```
 */
export function fromFreshdesk({ tickets, conversations, activities, ...options }: FreshdeskPayload): readonly ItemFacts[] {
  const reading = { words, options }
  const payload = readPayload('freshdesk', payloadSchema, { tickets, conversations, activities })
  const active = new Set((payload.activities ?? []).map((activity) => activity.ticket_id))
  const found: Found[] = []
  for (const ticket of payload.tickets ?? [])
    for (const fact of ticketFacts(reading, ticket, active.has(ticket.id))) found.push({ item: ticket.id, fact })
  for (const conversation of payload.conversations ?? [])
    found.push({ item: conversation.ticket_id, fact: conversationFact(reading, conversation) })
  for (const activity of payload.activities ?? []) {
    for (const fact of activityFacts(reading, activity.ticket_id, activity)) found.push({ item: activity.ticket_id, fact })
  }
  return gather(reading, found)
}

/** Sources of tickets, by number. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ['1', 'email'],
  ['2', 'portal'],
  ['3', 'phone'],
  ['7', 'chat'],
  ['9', 'web'],
  ['10', 'email'],
])
/** A mail that an agent sent first. */
const OUTBOUND = '10'

const TICKET_WORDS = [
  ...roles.keys(),
  ...`
  id created_at updated_at source custom_fields description description_text subject attachments to_emails
  cc_emails fwd_emails reply_cc_emails`
    .trim()
    .split(/\s+/),
]

/** The ticket's own text is its first message. How it stands now is told by activities where there are some. */
function ticketFacts(reading: Reading, ticket: Ticket, hasActivities: boolean): readonly ConnectedFact[] {
  const id = `freshdesk/ticket/${ticket.id}`
  const at = ticket.created_at
  const channel = ticket.source ? SOURCES.get(ticket.source) : undefined
  const author = ticket.source === OUTBOUND ? 'agent' : 'customer'
  const own = Object.entries(ticket.custom_fields ?? {})
  const status = statusOf(reading, ticket.status)
  const present = { ...bornWith(reading, [...Object.entries(ticket).filter(([field]) => roles.has(field)), ...own]) }
  return [
    fact(reading, { id: `${id}/created`, type: 'created', at, author, channel, attributes: channel ? { channel } : {} }),
    fact(reading, { id: `${id}/description`, type: 'message', at, author, visibility: 'public', channel }),
    ...snapshot(reading, {
      id,
      type: hasActivities ? 'field-changed' : statusType(undefined, status),
      at: ticket.updated_at,
      attributes: hasActivities ? bornWith(reading, own) : present,
      unknown: { ...kept(ticket, TICKET_WORDS), ...(own.length > 0 && { custom_fields: kept(Object.fromEntries(own), []) }) },
    }),
  ]
}

/** Sources of conversations, by number. */
const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['0', 'email'],
  ['2', 'note'],
  ['5', 'twitter'],
  ['7', 'facebook'],
  ['8', 'email'],
  ['9', 'phone'],
])

/** The last ones change after a message was sent: they would make another fact of it. */
const CONVERSATION_WORDS = `
  id ticket_id created_at updated_at incoming private source user_id body body_text attachments to_emails
  from_email cc_emails bcc_emails support_email last_edited_at last_edited_user_id delivery_details
  email_failure_count outgoing_failures source_additional_info`
  .trim()
  .split(/\s+/)

function conversationFact(reading: Reading, conversation: Conversation): ConnectedFact {
  const by = conversation.user_id
  return fact(reading, {
    id: `freshdesk/conversation/${conversation.id}`,
    type: 'message',
    at: conversation.created_at,
    author: writerOf(reading, conversation),
    visibility: conversation.private ? 'internal' : 'public',
    channel: conversation.source ? CHANNELS.get(conversation.source) : undefined,
    data: { by },
    unknown: kept(conversation, CONVERSATION_WORDS),
  })
}

function writerOf(reading: Reading, { incoming, auto_response, automation_id, user_id }: Conversation): Author {
  if (auto_response || automation_id) return 'automation'
  return saidAuthor(reading, user_id) ?? (incoming ? 'customer' : 'agent')
}

const ACTIVITY_WORDS = ['ticket_id', 'performed_at', 'performer_type', 'performer_id', 'activity']

/** What an activity says beside the change of a field: the note is a conversation, and a rule is who did it. */
const BESIDE = new Set(['note', 'automation'])

/** An activity says what a field became, never what it was; an earlier one may stand in another day's file. */
function activityFacts(reading: Reading, item: string, { performed_at: at, ...done }: Activity): readonly ConnectedFact[] {
  const by = done.performer_id ?? done.performer_type
  const { automation } = done.activity
  const unknown = { ...kept(done, ACTIVITY_WORDS), ...(automation ? { automation } : {}) }
  // activities have no id of their own: of one performer in one second a field changes once
  const id = `freshdesk/activity/${item}/${at}/${by?.slice(0, 40) ?? ''}`
  return Object.entries(done.activity)
    .filter(([field]) => !BESIDE.has(field))
    .map(([field, to]) => changeOf(reading, { id: `${id}/${field.slice(0, 60)}`, at, field, from: undefined, to, by, unknown }))
}
