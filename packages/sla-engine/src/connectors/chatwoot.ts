import { z } from 'zod'
import type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
import { idSchema, kept, readPart, readPayload, refSchema, secondsSchema, wordOrNone, wordSchema } from './payload.ts'
import { birth, bornWith, type ConnectorOptions, changeOf, type Found, fact, gather, type Reading, type Role, saidAuthor } from './words.ts'
import './refusals.ts'

export type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
export type { ConnectorOptions } from './words.ts'

export interface ChatwootPayload extends ConnectorOptions {
  /** Bodies of webhooks. `message_created` and `conversation_created`, `_updated` and `_status_changed` make facts; others none. */
  readonly events: unknown
}

/** `pending` is a conversation that a bot still has, not one that waits for its customer. */
const statuses = new Map<string, Status>([
  ['open', 'open'],
  ['pending', 'new'],
  ['snoozed', 'hold'],
  ['resolved', 'solved'],
])

const roles = new Map<string, Role>([
  ['status', 'status'],
  ['priority', 'priority'],
  ['assignee_id', 'assignee'],
  ['team_id', 'team'],
  ['contact_id', 'requester'],
])

const words = { vendor: 'chatwoot', statuses, roles }

/** Webhooks write the kind of a message as a word; the messages inside a conversation have its number. */
const KINDS = ['incoming', 'outgoing', 'activity', 'template'] as const
const kindSchema = z.union([z.enum(KINDS), z.literal([0, 1, 2, 3])], { error: `is none of ${KINDS.join(', ')}` })
const kindOf = (kind: z.output<typeof kindSchema>): (typeof KINDS)[number] => (typeof kind === 'number' ? KINDS[kind]! : kind)

const personSchema = z.looseObject({ id: refSchema.nullish(), type: wordOrNone }).nullish()

/** https://www.chatwoot.com/docs/product/others/webhook-events; chatwoot/chatwoot app/presenters/conversations/event_data_presenter.rb */
const conversationSchema = z.looseObject({
  id: idSchema,
  status: wordSchema,
  priority: wordOrNone,
  channel: wordOrNone,
  created_at: secondsSchema,
  updated_at: secondsSchema.optional(),
  timestamp: secondsSchema.optional(),
  meta: z.looseObject({ sender: personSchema, assignee: personSchema, team: personSchema }).nullish(),
  messages: z.array(z.looseObject({ message_type: kindSchema })).nullish(),
  // one object a changed attribute: app/listeners/base_listener.rb
  changed_attributes: z
    .array(z.record(z.string().max(40), z.looseObject({ previous_value: z.unknown().optional(), current_value: z.unknown().optional() })))
    .nullish(),
})
type Conversation = z.output<typeof conversationSchema>

/** chatwoot/chatwoot app/models/message.rb, `webhook_data` */
const messageSchema = z.looseObject({
  id: idSchema,
  message_type: kindSchema,
  private: z.boolean().nullish(),
  created_at: secondsSchema,
  sender: personSchema,
  conversation: z.looseObject({ id: idSchema, channel: wordOrNone }),
  content_attributes: z.looseObject({ automation_rule_id: refSchema.nullish() }).nullish(),
  additional_attributes: z.looseObject({ campaign_id: refSchema.nullish() }).nullish(),
})
type Message = z.output<typeof messageSchema>

const payloadSchema = z.looseObject({ events: z.array(z.looseObject({ event: z.string() })) })

/**
 * Chatwoot's webhooks as facts of conversations.
 *
 * @example
 * ```ts
 * import { fromChatwoot } from '@patronkit/sla-engine/chatwoot'
 *
 * export const received = (body: unknown) => fromChatwoot({ events: [body] })
 * ```
 */
export function fromChatwoot({ events, ...options }: ChatwootPayload): readonly ItemFacts[] {
  const reading = { words, options }
  const payload = readPayload('chatwoot', payloadSchema, { events })
  return gather(
    reading,
    payload.events.flatMap((event, n) => found(reading, event, `events.${n}`)),
  )
}

function found(reading: Reading, event: { readonly event: string }, path: string): readonly Found[] {
  const about = (item: string, facts: readonly ConnectedFact[]) => facts.map((fact) => ({ item, fact }))
  switch (event.event) {
    case 'message_created': {
      const message = readPart('chatwoot', messageSchema, event, path)
      return about(message.conversation.id, messageFacts(reading, message))
    }
    case 'conversation_created': {
      const conversation = readPart('chatwoot', conversationSchema, event, path)
      return about(conversation.id, createdFacts(reading, conversation))
    }
    case 'conversation_updated':
    case 'conversation_status_changed': {
      const conversation = readPart('chatwoot', conversationSchema, event, path)
      return about(conversation.id, changeFacts(reading, conversation, path))
    }
    default:
      return []
  }
}

const MESSAGE_WORDS = 'event id message_type private created_at conversation content attachments sender account inbox'.split(' ')

function messageFacts(reading: Reading, message: Message): readonly ConnectedFact[] {
  // an activity repeats in words what the conversation's own events say
  if (kindOf(message.message_type) === 'activity') return []
  return [
    fact(reading, {
      id: `chatwoot/message/${message.id}`,
      type: 'message',
      at: message.created_at,
      author: authorOf(reading, message),
      visibility: message.private ? 'internal' : 'public',
      channel: channelOf(message.conversation.channel),
      data: { by: personKey(message) },
      unknown: kept(message, MESSAGE_WORDS),
    }),
  ]
}

/** Agents and contacts count their ids apart: `user/7` is another person than `contact/7`. */
function personKey({ sender, message_type }: Message): string | undefined {
  if (!sender?.id) return undefined
  return `${sender.type ?? (kindOf(message_type) === 'incoming' ? 'contact' : 'user')}/${sender.id}`
}

function authorOf(reading: Reading, message: Message): Author {
  const { sender, content_attributes, additional_attributes } = message
  const kind = kindOf(message.message_type)
  if (kind === 'template' || content_attributes?.automation_rule_id || additional_attributes?.campaign_id) return 'automation'
  const said = saidAuthor(reading, personKey(message))
  if (said) return said
  if (kind === 'incoming') return 'customer'
  if (!sender) return 'automation'
  return (sender.type ?? 'user') === 'user' ? 'agent' : 'bot'
}

const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['webwidget', 'chat'],
  ['twiliosms', 'sms'],
  ['facebookpage', 'facebook'],
  ['twitterprofile', 'twitter'],
])

function channelOf(channel: string | null | undefined): string | undefined {
  const name = channel?.replace(/^Channel::/, '').toLowerCase()
  return name && (CHANNELS.get(name) ?? name)
}

const CONVERSATION_WORDS = [
  ...roles.keys(),
  'event',
  'id',
  'channel',
  'created_at',
  'updated_at',
  'timestamp',
  'meta',
  'messages',
  'changed_attributes',
]

function createdFacts(reading: Reading, conversation: Conversation): readonly ConnectedFact[] {
  const { meta } = conversation
  const channel = channelOf(conversation.channel)
  const values = [
    ['status', conversation.status],
    ['priority', conversation.priority],
    ['assignee_id', meta?.assignee?.id],
    ['team_id', meta?.team?.id],
    ['contact_id', meta?.sender?.id],
    ...custom(conversation.custom_attributes),
  ] as const
  return birth(reading, {
    id: `chatwoot/conversation/${conversation.id}/created`,
    type: 'created',
    at: conversation.created_at,
    author: conversation.messages?.[0] && kindOf(conversation.messages[0].message_type) === 'outgoing' ? 'agent' : 'customer',
    channel,
    attributes: { ...bornWith(reading, values), ...(channel && { channel }) },
    unknown: kept(conversation, CONVERSATION_WORDS),
  })
}

/** Attributes of the host's own, each by its name: `custom_attributes.tier`. */
const custom = (attributes: unknown): readonly (readonly [string, unknown])[] =>
  typeof attributes === 'object' && attributes !== null
    ? Object.entries(attributes).map(([name, value]) => [`custom_attributes.${name}`, value] as const)
    : []

/** Times that follow from messages; they are no changes of the conversation's own. */
const BOOKKEEPING = new Set([
  'updated_at',
  'last_activity_at',
  'waiting_since',
  'first_reply_created_at',
  'agent_last_seen_at',
  'contact_last_seen_at',
])

function changeFacts(reading: Reading, conversation: Conversation, path: string): readonly ConnectedFact[] {
  const at = conversation.updated_at ?? conversation.timestamp ?? conversation.created_at
  const changes = (conversation.changed_attributes ?? []).flatMap((changed, n) =>
    Object.entries(changed).map(([field, { previous_value: from, current_value: to }]) => ({
      field,
      from,
      to,
      path: `${path}.changed_attributes.${n}.${field}`,
    })),
  )
  return changes
    .filter(({ field }) => !BOOKKEEPING.has(field))
    .map(({ field, from, to, path }) => {
      if (roles.has(field)) for (const value of [from, to]) readPart('chatwoot', wordOrNone, value, path)
      // a change of status comes in two webhooks: the same id and content make it one fact
      const change = changeOf(reading, { id: `chatwoot/conversation/${conversation.id}/${field}/${at}`, at, field, from, to })
      return field === 'custom_attributes' ? { ...change, attributes: bornWith(reading, custom(to)) } : change
    })
}
