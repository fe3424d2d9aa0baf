import { z } from 'zod'
import type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
import { idSchema, instantSchema, kept, readPayload, refSchema, wordOrNone } from './payload.ts'
import { birth, bornWith, type ConnectorOptions, changeOf, type Found, fact, gather, type Reading, type Role, saidAuthor } from './words.ts'
import './refusals.ts'

export type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
export type { ConnectorOptions } from './words.ts'

/** Webhooks about tickets, tickets with the history of their properties, and the messages of their threads. */
export interface HubSpotPayload extends ConnectorOptions {
  /** The body of a webhook: a list of events. `ticket.creation`, `ticket.propertyChange` and their `object.` forms make facts. */
  readonly events?: unknown
  /** `GET /crm/v3/objects/tickets/{id}?propertiesWithHistory=…`. */
  readonly tickets?: unknown
  /** `results` of `GET /conversations/v3/conversations/threads/{id}/messages`; a `conversation.newMessage` only names a message. */
  readonly messages?: unknown
  /** `GET /conversations/v3/conversations/threads/{id}?association=TICKET`: which ticket a thread belongs to. */
  readonly threads?: unknown
}

/** The stages of the pipeline that HubSpot delivers. */
const statuses = new Map<string, Status>([
  ['1', 'new'],
  ['2', 'pending'],
  ['3', 'open'],
  ['4', 'closed'],
])

const roles = new Map<string, Role>([
  ['hs_pipeline_stage', 'status'],
  ['hs_ticket_priority', 'priority'],
  ['hubspot_owner_id', 'assignee'],
  ['hubspot_team_id', 'team'],
  ['hs_ticket_category', 'type'],
])

const words = { vendor: 'hubspot', statuses, roles }

/** https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide */
const eventSchema = z.looseObject({
  subscriptionType: z.string(),
  objectId: idSchema,
  objectTypeId: wordOrNone,
  occurredAt: instantSchema,
  propertyName: z.string().min(1).max(100).nullish(),
  propertyValue: wordOrNone,
  changeSource: wordOrNone,
  sourceId: wordOrNone,
})
type Event = z.output<typeof eventSchema>

const versionSchema = z.looseObject({ value: wordOrNone, timestamp: instantSchema, sourceType: wordOrNone })

/** https://developers.hubspot.com/docs/api-reference/crm-tickets-v3/guide */
const ticketSchema = z.looseObject({
  id: idSchema,
  createdAt: instantSchema,
  properties: z.record(z.string().max(100), z.unknown()).nullish(),
  propertiesWithHistory: z.record(z.string().max(100), z.array(versionSchema)).nullish(),
})
type Ticket = z.output<typeof ticketSchema>

/** https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide */
const messageSchema = z.looseObject({
  id: idSchema,
  type: z.string(),
  conversationsThreadId: idSchema,
  createdAt: instantSchema,
  createdBy: refSchema.nullish(),
  direction: wordOrNone,
  channelId: wordOrNone,
  senders: z.array(z.looseObject({ actorId: refSchema.nullish() })).nullish(),
  client: z.looseObject({ clientType: wordOrNone }).nullish(),
})
type Message = z.output<typeof messageSchema>

const threadSchema = z.looseObject({
  id: idSchema,
  threadAssociations: z.looseObject({ associatedTicketId: idSchema.nullish() }).nullish(),
})

const payloadSchema = z
  .looseObject({
    events: z.array(eventSchema).optional(),
    tickets: z.array(ticketSchema).optional(),
    messages: z.array(messageSchema).optional(),
    threads: z.array(threadSchema).optional(),
  })
  .refine(({ events, tickets, messages }) => events || tickets || messages, 'give `events`, `tickets` or `messages`')
  .superRefine(({ messages = [], threads = [] }, ctx) => {
    const known = new Set(threads.filter((thread) => thread.threadAssociations?.associatedTicketId).map(({ id }) => id))
    messages.forEach(({ conversationsThreadId: thread }, n) => {
      const path = ['messages', n, 'conversationsThreadId']
      if (!known.has(thread))
        ctx.addIssue({ code: 'custom', path, message: 'is a thread without a ticket; give it in `threads`, read with association=TICKET' })
    })
  })

/**
 * HubSpot's tickets, webhooks and conversation messages as facts.
 *
 * @example
 * ```ts
 * import { fromHubSpot } from '@patronkit/sla-engine/hubspot'
 *
 * export const received = (body: unknown) => fromHubSpot({ events: body, statuses: { '183452817': 'hold' } })
 * ```
 */
export function fromHubSpot({ events, tickets, messages, threads, ...options }: HubSpotPayload): readonly ItemFacts[] {
  const reading = { words, options }
  const payload = readPayload('hubspot', payloadSchema, { events, tickets, messages, threads })
  const ticketOf = new Map((payload.threads ?? []).map((thread) => [thread.id, thread.threadAssociations?.associatedTicketId ?? null]))
  const found: Found[] = []
  for (const event of payload.events ?? []) for (const fact of eventFacts(reading, event)) found.push({ item: event.objectId, fact })
  for (const ticket of payload.tickets ?? []) for (const fact of ticketFacts(reading, ticket)) found.push({ item: ticket.id, fact })
  for (const message of payload.messages ?? []) {
    for (const fact of messageFacts(reading, message)) found.push({ item: ticketOf.get(message.conversationsThreadId)!, fact })
  }
  return gather(reading, found)
}

/** What differs when HubSpot sends an event again, or to a second subscription of yours, is not part of it. */
const DELIVERY = ['eventId', 'subscriptionId', 'appId', 'portalId', 'attemptNumber']
const EVENT_WORDS = [
  ...DELIVERY,
  'subscriptionType',
  'objectId',
  'objectTypeId',
  'occurredAt',
  'propertyName',
  'propertyValue',
  'changeSource',
  'sourceId',
  'changeFlag',
]

/** Tickets among HubSpot's objects. */
const TICKET = '0-5'

function eventFacts(reading: Reading, event: Event): readonly ConnectedFact[] {
  const { subscriptionType, objectId, occurredAt: at, propertyName: field, propertyValue: to } = event
  const [object, happened] = subscriptionType.split('.')
  if (object !== 'ticket' && (object !== 'object' || event.objectTypeId !== TICKET)) return []
  const id = `hubspot/event/${objectId}`
  const data = { source: event.changeSource, by: event.sourceId }
  const unknown = kept(event, EVENT_WORDS)
  if (happened === 'creation') return [fact(reading, { id: `${id}/created`, type: 'created', at, data, unknown })]
  if (happened === 'propertyChange' && field) {
    return [
      changeOf(reading, {
        id: `${id}/${field}/${at}`,
        at,
        field,
        from: undefined,
        to: to || null,
        by: event.sourceId,
        unknown: { ...unknown, ...(event.changeSource && { changeSource: event.changeSource }) },
      }),
    ]
  }
  return [fact(reading, { id: `${id}/${happened?.slice(0, 50)}/${at}`, type: `hubspot.${happened}`.slice(0, 100), at, data, unknown })]
}

function ticketFacts(reading: Reading, ticket: Ticket): readonly ConnectedFact[] {
  const id = `hubspot/ticket/${ticket.id}`
  const histories = Object.entries(ticket.propertiesWithHistory ?? {}).map(
    ([field, versions]) => [field, [...versions].sort((a, b) => a.timestamp - b.timestamp)] as const,
  )
  const wasBorn = (at: number) => at <= ticket.createdAt
  const born = histories.map(([field, versions]) => [field, versions.findLast(({ timestamp }) => wasBorn(timestamp))?.value] as const)
  const attributes = bornWith(
    reading,
    born.filter(([, value]) => value !== undefined),
  )
  const created = birth(reading, { id: `${id}/created`, type: 'created', at: ticket.createdAt, attributes })
  const changes = histories.flatMap(([field, versions]) =>
    versions.flatMap(({ value, timestamp: at, sourceType, ...rest }, n) =>
      wasBorn(at)
        ? []
        : [
            changeOf(reading, {
              id: `${id}/${field}/${at}`,
              at,
              field,
              from: versions[n - 1]?.value || null,
              to: value || null,
              unknown: { ...kept(rest, []), ...(sourceType && { sourceType }) },
            }),
          ],
    ),
  )
  return [...created, ...changes]
}

/** The first letter of an actor's id says what they are. */
const BY_ACTOR: ReadonlyMap<string, Author> = new Map([
  ['A', 'agent'],
  ['V', 'customer'],
  ['E', 'customer'],
  ['B', 'bot'],
  ['S', 'automation'],
  ['I', 'automation'],
])

/** HubSpot's own channels; https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide */
const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['1000', 'chat'],
  ['1001', 'facebook'],
  ['1002', 'email'],
  ['1003', 'form'],
  ['1007', 'whatsapp'],
  ['1008', 'phone'],
])

const MESSAGE_WORDS = `
  id type conversationsThreadId createdAt updatedAt createdBy direction channelId senders recipients text
  richText subject attachments status truncationStatus archived`
  .trim()
  .split(/\s+/)

function messageFacts(reading: Reading, message: Message): readonly ConnectedFact[] {
  const by = message.senders?.[0]?.actorId ?? message.createdBy
  const isNote = message.type === 'COMMENT'
  const greets = message.type === 'WELCOME_MESSAGE'
  if (message.type !== 'MESSAGE' && !isNote && !greets) return []
  return [
    fact(reading, {
      id: `hubspot/message/${message.id}`,
      type: 'message',
      at: message.createdAt,
      author: greets ? 'automation' : writerOf(reading, message, by),
      visibility: isNote ? 'internal' : 'public',
      channel: message.channelId ? (CHANNELS.get(message.channelId) ?? message.channelId) : undefined,
      data: { by },
      unknown: kept(message, MESSAGE_WORDS),
    }),
  ]
}

function writerOf(reading: Reading, { direction, client }: Message, by: string | null | undefined): Author {
  const said = saidAuthor(reading, by)
  if (said) return said
  if (direction === 'INCOMING') return 'customer'
  // sent by HubSpot itself, such as the answer to a form
  if (client?.clientType === 'SYSTEM') return 'automation'
  return BY_ACTOR.get(by?.split('-')[0] ?? '') ?? 'third-party'
}
