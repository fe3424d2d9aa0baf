import { z } from 'zod'
import type { Author, ConnectedFact } from './facts.ts'
import { idSchema, instantSchema, kept, readPart, refSchema, wordOrNone } from './payload.ts'
import { birth, bornWith, changeOf, fact, type Reading, saidAuthor } from './words.ts'
import { channelOf, roles, viaSchema } from './zendesk-words.ts'

/** https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/ */
export const eventSchema = z.looseObject({
  id: idSchema,
  type: z.string().startsWith('zen:event-type:ticket.'),
  time: instantSchema,
  detail: z.looseObject({
    id: idSchema,
    status: wordOrNone,
    priority: wordOrNone,
    type: wordOrNone,
    assignee_id: refSchema.nullish(),
    group_id: refSchema.nullish(),
    requester_id: refSchema.nullish(),
    submitter_id: refSchema.nullish(),
    actor_id: refSchema.nullish(),
    via: viaSchema,
  }),
  event: z.looseObject({ current: z.unknown().optional(), previous: z.unknown().optional(), comment: z.unknown().optional() }),
})
type Event = z.output<typeof eventSchema>

const commentSchema = z.looseObject({
  id: idSchema,
  is_public: z.boolean(),
  author: z.looseObject({ id: refSchema, is_staff: z.boolean() }),
})

const CHANGES: ReadonlyMap<string, string> = new Map([
  ['status_changed', 'status'],
  ['priority_changed', 'priority'],
  ['agent_assignment_changed', 'assignee_id'],
  ['group_assignment_changed', 'group_id'],
  ['requester_changed', 'requester_id'],
  ['type_changed', 'type'],
])

/** What one webhook of a ticket tells. */
export function eventFacts(reading: Reading, event: Event, path: string): readonly ConnectedFact[] {
  const what = event.type.slice('zen:event-type:ticket.'.length)
  const { detail } = event
  const id = `zendesk/event/${event.id}`
  const at = event.time
  const via = detail.via
  if (what === 'comment_added') {
    const comment = readPart('zendesk', commentSchema, event.event.comment, `${path}.event.comment`)
    const author = commentAuthor(reading, comment.author, detail.requester_id)
    const data = { by: comment.author.id, comment: comment.id }
    const unknown = { ...kept(event.event, ['comment', 'meta']), ...kept(comment, ['id', 'is_public', 'author', 'body']) }
    return [fact(reading, { id, type: 'message', at, author, visibility: comment.is_public ? 'public' : 'internal', data, unknown })]
  }
  const field = CHANGES.get(what)
  if (field !== undefined) {
    const [from, to] = [event.event.previous, event.event.current].map((value, n) =>
      readPart('zendesk', wordOrNone, value, `${path}.event.${n === 0 ? 'previous' : 'current'}`),
    )
    const unknown = kept(event.event, ['current', 'previous', 'meta'])
    return [changeOf(reading, { id, at, field, from: blank(from), to: blank(to), by: detail.actor_id, unknown })]
  }
  const data = { by: detail.actor_id }
  if (what !== 'created') {
    return [fact(reading, { id, type: `zendesk.${what}`.slice(0, 100), at, data, unknown: kept(event.event, ['meta']) })]
  }
  const by = detail.submitter_id ?? detail.actor_id
  const author = saidAuthor(reading, by) ?? (by === detail.requester_id ? 'customer' : 'agent')
  const channel = channelOf(via)
  const attributes = {
    ...bornWith(
      reading,
      Object.entries(detail).filter(([field]) => roles.has(field)),
    ),
    ...(channel && { channel }),
  }
  return birth(reading, { id, type: 'created', at, author, channel, attributes, data, unknown: kept(detail, DETAIL_WORDS) })
}

const DETAIL_WORDS = [...roles.keys(), 'id', 'actor_id', 'submitter_id', 'via', 'description', 'subject', 'created_at', 'updated_at']

/** Webhooks write "nobody" and "nothing" as 0 or an empty text, too. */
const blank = (value: string | null | undefined): string | null => (value === undefined || value === '' || value === '0' ? null : value)

function commentAuthor(
  reading: Reading,
  author: { readonly id: string; readonly is_staff: boolean },
  requester: string | null | undefined,
): Author {
  if (author.id === '-1') return 'automation'
  return saidAuthor(reading, author.id) ?? (author.is_staff && author.id !== requester ? 'agent' : 'customer')
}
