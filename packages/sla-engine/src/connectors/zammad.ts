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

/** Bodies of webhooks as they happen; or articles and history, which tell the whole past. */
export interface ZammadPayload extends ConnectorOptions {
  /** Bodies of a trigger's webhook, each `{ ticket, article }`. */
  readonly webhooks?: unknown
  /** `GET /api/v1/ticket_articles/by_ticket/{id}`. */
  readonly articles?: unknown
  /** `history` of `GET /api/v1/ticket_history/{id}`. */
  readonly history?: unknown
}

const statuses = new Map<string, Status>([
  ['new', 'new'],
  ['open', 'open'],
  ['pending reminder', 'pending'],
  ['pending close', 'pending'],
  ['closed', 'closed'],
  ['merged', 'closed'],
  ['removed', 'closed'],
])

const roles = new Map<string, Role>([
  ['state', 'status'],
  ['priority', 'priority'],
  ['owner', 'assignee'],
  ['group', 'team'],
  ['customer', 'requester'],
])

const words = { vendor: 'zammad', statuses, roles }

/** An associated record, or only its name, as the endpoint happens to expand it. */
const namedSchema = z.union([wordSchema, z.looseObject({ id: refSchema.nullish(), name: wordOrNone })]).nullish()
type Named = z.output<typeof namedSchema>
const nameOf = (named: Named): string | null => (typeof named === 'string' ? named : (named?.name ?? named?.id ?? null))

/** https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html */
const ticketSchema = z.looseObject({
  id: idSchema,
  created_at: instantSchema,
  updated_at: instantSchema,
  state: namedSchema,
  priority: namedSchema,
  group: namedSchema,
  owner_id: refSchema.nullish(),
  customer_id: refSchema.nullish(),
  create_article_sender: wordOrNone,
  create_article_type: wordOrNone,
  close_at: instantSchema.or(z.null()).optional(),
})
type Ticket = z.output<typeof ticketSchema>

/** https://docs.zammad.org/en/latest/api/ticket/articles.html */
const articleSchema = z.looseObject({
  id: idSchema,
  ticket_id: idSchema,
  created_at: instantSchema,
  sender: wordSchema,
  type: wordOrNone,
  internal: z.boolean().nullish(),
  created_by_id: refSchema.nullish(),
  origin_by_id: refSchema.nullish(),
  preferences: z.looseObject({ 'is-auto-response': z.boolean().nullish() }).nullish(),
})
type Article = z.output<typeof articleSchema>

/** https://docs.zammad.org/en/latest/api/ticket/index.html; zammad/zammad app/models/history.rb */
const historySchema = z.looseObject({
  id: idSchema,
  object: z.string(),
  o_id: idSchema,
  type: z.string(),
  attribute: wordOrNone,
  value_from: wordOrNone,
  value_to: wordOrNone,
  id_from: refSchema.nullish(),
  id_to: refSchema.nullish(),
  created_by_id: refSchema.nullish(),
  created_at: instantSchema,
})
type Entry = z.output<typeof historySchema>

const payloadSchema = z
  .looseObject({
    webhooks: z.array(z.looseObject({ ticket: ticketSchema, article: z.union([articleSchema, z.strictObject({})]).nullish() })).optional(),
    articles: z.array(articleSchema).optional(),
    history: z.array(historySchema).optional(),
  })
  .refine(({ webhooks, articles, history }) => webhooks || articles || history, 'give `webhooks`, `articles` or `history`')

/**
 * Zammad's webhooks, or a ticket's articles and history, as facts.
 *
 * @example
 * ```ts
 * import { fromZammad } from '@patronkit/sla-engine/zammad'
 *
 * export const received = (body: unknown) => fromZammad({ webhooks: [body] })
 * ```
 */
export function fromZammad({ webhooks, articles, history, ...options }: ZammadPayload): readonly ItemFacts[] {
  const reading = { words, options }
  const payload = readPayload('zammad', payloadSchema, { webhooks, articles, history })
  const found: Found[] = []
  for (const { ticket, article } of payload.webhooks ?? []) {
    for (const fact of ticketFacts(reading, ticket)) found.push({ item: ticket.id, fact })
    if (isArticle(article)) found.push({ item: article.ticket_id, fact: articleFact(reading, article) })
  }
  const articlesOf = Map.groupBy(payload.articles ?? [], (article) => article.ticket_id)
  for (const entry of payload.history ?? []) {
    if (entry.object !== 'Ticket') continue
    for (const fact of entryFacts(reading, entry, articlesOf.get(entry.o_id) ?? [])) found.push({ item: entry.o_id, fact })
  }
  for (const article of payload.articles ?? []) found.push({ item: article.ticket_id, fact: articleFact(reading, article) })
  return gather(reading, found)
}

const isArticle = (article: object | null | undefined): article is Article => article !== null && article !== undefined && 'id' in article

/** Nobody owns a ticket: Zammad then writes the system's own user, `-`, whose id is 1. */
const NOBODY = '1'
const ownerOf = (id: string | null | undefined): string | null => (id === NOBODY || !id ? null : id)

const TICKET_WORDS = `
  id created_at updated_at state state_id priority priority_id group group_id owner owner_id customer
  customer_id created_by updated_by organization article_ids title create_article_sender_id
  create_article_type_id`
  .trim()
  .split(/\s+/)

/** A webhook shows the ticket as it now is; what it was before, it does not say. */
function ticketFacts(reading: Reading, ticket: Ticket): readonly ConnectedFact[] {
  const channel = channelOf(ticket.create_article_type)
  const now = bornWith(reading, [
    ['state', nameOf(ticket.state)],
    ['priority', nameOf(ticket.priority)],
    ['owner', ownerOf(ticket.owner_id)],
    ['group', nameOf(ticket.group)],
    ['customer', ticket.customer_id],
    ...Object.entries(ticket).filter(([field]) => !roles.has(field)),
  ])
  const created = fact(reading, {
    id: `zammad/ticket/${ticket.id}/created`,
    type: 'created',
    at: ticket.created_at,
    author: BY_SENDER.get(ticket.create_article_sender?.toLowerCase() ?? '') ?? 'customer',
    channel,
    // only what cannot have changed since: the rest belongs to the moment of the snapshot
    attributes: channel ? { channel } : {},
  })
  const type = snapshotType(reading, ticket)
  return [
    created,
    ...snapshot(reading, {
      id: `zammad/ticket/${ticket.id}`,
      type,
      at: ticket.updated_at,
      attributes: now,
      unknown: kept(ticket, TICKET_WORDS),
    }),
  ]
}

/** `close_at` is when a ticket was first closed, which tells one that was reopened from one that never was closed. */
function snapshotType(reading: Reading, ticket: Ticket): string {
  const state = nameOf(ticket.state)
  if (state === null) return 'field-changed'
  const { close_at } = ticket
  return statusType(close_at ? 'closed' : close_at === null ? null : undefined, statusOf(reading, state))
}

const BY_SENDER: ReadonlyMap<string, Author> = new Map([
  ['customer', 'customer'],
  ['agent', 'agent'],
  ['system', 'automation'],
])

/** `preferences` change when the mail is delivered: they would make another fact of the same article. */
const ARTICLE_WORDS = `
  id ticket_id created_at updated_at type type_id sender sender_id internal body content_type attachments
  subject from to cc reply_to created_by created_by_id updated_by updated_by_id origin_by accounted_time
  message_id message_id_md5 time_unit preferences`
  .trim()
  .split(/\s+/)

function articleFact(reading: Reading, article: Article): ConnectedFact {
  // written down by an agent on the customer's behalf, as after a call: the words are the customer's
  const by = article.origin_by_id ?? article.created_by_id
  const auto = article.preferences?.['is-auto-response'] === true
  const sender = BY_SENDER.get(article.sender.toLowerCase()) ?? 'third-party'
  const author = auto || sender === 'automation' ? 'automation' : (saidAuthor(reading, by) ?? sender)
  return fact(reading, {
    id: `zammad/article/${article.id}`,
    type: 'message',
    at: article.created_at,
    author,
    visibility: article.internal ? 'internal' : 'public',
    channel: channelOf(article.type),
    data: { by },
    unknown: kept(article, ARTICLE_WORDS),
  })
}

const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['telegram personal-message', 'telegram'],
  ['twitter status', 'twitter'],
  ['twitter direct-message', 'twitter'],
  ['facebook feed post', 'facebook'],
  ['facebook feed comment', 'facebook'],
  ['whatsapp message', 'whatsapp'],
])
const channelOf = (type: string | null | undefined): string | undefined => (type ? (CHANNELS.get(type) ?? type) : undefined)

const ENTRY_WORDS = `
  id object o_id type attribute value_from value_to id_from id_to created_by_id created_at related_o_id
  related_object`
  .trim()
  .split(/\s+/)

function entryFacts(reading: Reading, entry: Entry, articles: readonly Article[]): readonly ConnectedFact[] {
  const id = `zammad/history/${entry.id}`
  const { created_at: at, created_by_id: by, attribute: field } = entry
  const unknown = kept(entry, ENTRY_WORDS)
  if (entry.type === 'created') {
    // the one who wrote the first article opened the ticket
    const first = [...articles].sort((a, b) => a.created_at - b.created_at)[0]
    const author = first ? articleFact(reading, first).author : saidAuthor(reading, by)
    return [fact(reading, { id, type: 'created', at, author, channel: channelOf(first?.type), data: { by }, unknown })]
  }
  if (entry.type !== 'updated' || !field) return []
  const [from, to] = valuesOf(entry)
  return [changeOf(reading, { id, at, field, from: from || null, to: to || null, by, unknown })]
}

/** People by their id, everything else by its name. */
function valuesOf({ attribute, id_from, id_to, value_from, value_to }: Entry) {
  if (attribute === 'owner') return [ownerOf(id_from), ownerOf(id_to)]
  return attribute === 'customer' ? [id_from, id_to] : [value_from, value_to]
}
