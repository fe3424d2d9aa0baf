import { z } from 'zod'
import type { Status } from './facts.ts'
import { wordOrNone } from './payload.ts'
import type { Role } from './words.ts'

const statuses = new Map<string, Status>([
  ['new', 'new'],
  ['open', 'open'],
  ['pending', 'pending'],
  ['hold', 'hold'],
  ['solved', 'solved'],
  ['closed', 'closed'],
  ['deleted', 'closed'],
  ['archived', 'closed'],
])

export const roles = new Map<string, Role>([
  ['status', 'status'],
  ['priority', 'priority'],
  ['assignee_id', 'assignee'],
  ['group_id', 'team'],
  ['requester_id', 'requester'],
  ['type', 'type'],
])

export const words = { vendor: 'zendesk', statuses, roles }

/** https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/ */
export const viaSchema = z.looseObject({ channel: wordOrNone, source: z.looseObject({ rel: wordOrNone }).nullish() }).nullish()
export type Via = z.output<typeof viaSchema>

const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['web_service', 'api'],
  ['mail', 'email'],
  ['native_messaging', 'chat'],
  ['chat_transcript', 'chat'],
  ['voice', 'phone'],
])

export function channelOf(via: Via): string | undefined {
  const channel = via?.channel ?? undefined
  return channel && (CHANNELS.get(channel) ?? channel)
}
