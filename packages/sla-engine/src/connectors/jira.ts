import { z } from 'zod'
import type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
import { idSchema, instantSchema, kept, readPart, readPayload, refSchema, wordOrNone, wordSchema } from './payload.ts'
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
} from './words.ts'
import './refusals.ts'

export type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
export type { ConnectorOptions } from './words.ts'

/** Issues with their changelog and comments, bodies of webhooks, or both. */
export interface JiraPayload extends ConnectorOptions {
  /** `GET /rest/api/3/issue/{id}?expand=changelog`, with all pages of `changelog.histories` and `fields.comment.comments`. */
  readonly issues?: unknown
  /** Bodies of webhooks. `jira:issue_created`, `jira:issue_updated` and `comment_created` make facts; others none. */
  readonly events?: unknown
}

/** The statuses of Jira Service Management's own workflows. */
const statuses = new Map<string, Status>([
  ['new', 'new'],
  ['open', 'open'],
  ['to do', 'new'],
  ['waiting for support', 'open'],
  ['in progress', 'open'],
  ['work in progress', 'open'],
  ['under investigation', 'open'],
  ['escalated', 'open'],
  ['reopened', 'open'],
  ['waiting for customer', 'pending'],
  ['waiting for approval', 'hold'],
  ['pending', 'hold'],
  ['on hold', 'hold'],
  ['resolved', 'solved'],
  ['completed', 'solved'],
  ['done', 'solved'],
  ['closed', 'closed'],
  ['canceled', 'closed'],
  ['cancelled', 'closed'],
  ['declined', 'closed'],
])

const roles = new Map<string, Role>([
  ['status', 'status'],
  ['priority', 'priority'],
  ['assignee', 'assignee'],
  ['Team', 'team'],
  ['reporter', 'requester'],
  ['issuetype', 'type'],
])

const words = { vendor: 'jira', statuses, roles }

/** Cloud names a person by `accountId`, Data Center by `key` and `name`. */
const personSchema = z
  .looseObject({ accountId: refSchema.nullish(), key: refSchema.nullish(), name: refSchema.nullish(), accountType: wordOrNone })
  .nullish()
type Person = z.output<typeof personSchema>
const idOf = (person: Person): string | null => person?.accountId ?? person?.key ?? person?.name ?? null

/** A field of a history is called `toString`, which every object seems to have: only its own counts. */
const changeSchema = z.preprocess(
  (item) => {
    if (typeof item !== 'object' || item === null) return item
    const { toString: toText, ...rest } = item as { readonly toString: unknown }
    return Object.hasOwn(item, 'toString') ? { ...rest, toText } : rest
  },
  z.looseObject({
    field: z.string().max(100),
    fieldId: z.string().max(100).nullish(),
    from: wordOrNone,
    fromString: z.string().nullish(),
    to: wordOrNone,
    toText: z.string().nullish(),
  }),
)
type Change = z.output<typeof changeSchema>

/** https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-changelog-get */
const historySchema = z.looseObject({ id: idSchema, created: instantSchema, author: personSchema, items: z.array(changeSchema) })

/** `jsdPublic`: https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/ */
const commentSchema = z.looseObject({
  id: idSchema,
  created: instantSchema,
  author: personSchema,
  jsdPublic: z.boolean().nullish(),
  visibility: z.looseObject({}).nullish(),
})
type Comment = z.output<typeof commentSchema>

const namedSchema = z.looseObject({ name: wordSchema }).nullish()

/** https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get */
const issueSchema = z.looseObject({
  id: idSchema,
  key: wordOrNone,
  fields: z.looseObject({
    created: instantSchema,
    updated: instantSchema.optional(),
    creator: personSchema,
    reporter: personSchema,
    assignee: personSchema,
    status: namedSchema,
    priority: namedSchema,
    issuetype: namedSchema,
    comment: z.looseObject({ comments: z.array(commentSchema) }).nullish(),
  }),
  changelog: z.looseObject({ histories: z.array(historySchema) }).nullish(),
})
type Issue = z.output<typeof issueSchema>

/** https://developer.atlassian.com/cloud/jira/platform/webhooks/ */
const updatedSchema = z.looseObject({
  timestamp: instantSchema,
  user: personSchema,
  issue: z.looseObject({ id: idSchema }),
  changelog: z.looseObject({ id: idSchema, items: z.array(changeSchema) }).nullish(),
})
const commentedSchema = z.looseObject({
  comment: commentSchema,
  issue: z.looseObject({ id: idSchema, fields: z.looseObject({ reporter: personSchema }).nullish() }),
})

const payloadSchema = z
  .looseObject({ issues: z.array(issueSchema).optional(), events: z.array(z.looseObject({ webhookEvent: z.string() })).optional() })
  .refine(({ issues, events }) => issues || events, 'give `issues` or `events`')

/**
 * Jira Service Management's issues and webhooks as facts. An item has the issue's `id`; its key, which changes when the issue
 * moves, is the attribute `key`.
 *
 * @example
 * ```ts
 * import { fromJira } from '@patronkit/sla-engine/jira'
 *
 * export const received = (body: unknown) => fromJira({ events: [body], statuses: { 'Waiting for vendor': 'hold' } })
 * ```
 */
export function fromJira({ issues, events, ...options }: JiraPayload): readonly ItemFacts[] {
  const reading = { words, options }
  const payload = readPayload('jira', payloadSchema, { issues, events })
  return gather(reading, [
    ...(payload.issues ?? []).flatMap((issue) => about(issue.id, issueFacts(reading, issue))),
    ...(payload.events ?? []).flatMap((event, n) => eventFacts(reading, event, `events.${n}`)),
  ])
}

const about = (item: string, facts: readonly ConnectedFact[]): readonly Found[] => facts.map((fact) => ({ item, fact }))

function issueFacts(reading: Reading, issue: Issue): readonly ConnectedFact[] {
  const { changelog, fields } = issue
  const id = `jira/issue/${issue.id}`
  const histories = [...(changelog?.histories ?? [])].sort((a, b) => a.created - b.created)
  // with its changelog the issue's beginning is known, without it only its present
  const first = new Map(
    histories
      .flatMap(({ items }) => items)
      .reverse()
      .map((change) => [fieldOf(reading, change), change] as const),
  )
  const present = [...now(issue), ...further(issue)]
  const born = present.map(([field, value]) => [field, first.has(field) ? valuesOf(first.get(field)!)[0] : value] as const)
  const status = fields.status && statusOf(reading, fields.status.name)
  const type = status && !changelog ? statusType(undefined, status) : 'field-changed'
  const at = fields.updated ?? histories.at(-1)?.created ?? fields.created
  const attributes = { ...bornWith(reading, changelog ? further(issue) : present), ...(issue.key && { key: issue.key }) }
  const unknown = { ...kept(issue, ISSUE_WORDS), ...kept(fields, FIELD_WORDS) }
  return [
    ...opening(reading, issue, id, changelog ? born : []),
    ...snapshot(reading, { id, type, at, attributes, unknown }),
    ...histories.flatMap((past) => changeFacts(reading, `${id}/change/${past.id}`, past.created, past.author, past.items)),
    ...(fields.comment?.comments ?? []).map((comment) => commentFact(reading, `jira/comment/${comment.id}`, comment, fields.reporter)),
  ]
}

const now = ({ fields }: Issue): readonly (readonly [string, unknown])[] => [
  ['status', fields.status?.name],
  ['priority', fields.priority?.name],
  ['assignee', idOf(fields.assignee)],
  ['reporter', idOf(fields.reporter)],
  ['issuetype', fields.issuetype?.name],
]

/** The rest of the fields, for those that the host named. */
const further = ({ fields }: Issue) => Object.entries(fields).filter(([field]) => !roles.has(field))

const ISSUE_WORDS = ['id', 'key', 'fields', 'changelog', 'self', 'expand', 'renderedFields', 'names', 'schema']
const FIELD_WORDS = [...roles.keys(), 'created', 'updated', 'creator', 'comment', 'description', 'summary', 'attachment', 'worklog']

/** The issue is created; when its reporter did it, the request is the customer's first message. */
function opening(reading: Reading, issue: Issue, id: string, born: readonly (readonly [string, unknown])[]): readonly ConnectedFact[] {
  const { created: at, creator, reporter } = issue.fields
  const author = authorOf(reading, creator ?? reporter, reporter)
  const data = { by: idOf(creator) }
  const created = birth(reading, { id: `${id}/created`, type: 'created', at, author, attributes: bornWith(reading, born), data })
  const request = fact(reading, { id: `${id}/request`, type: 'message', at, author, visibility: 'public', data })
  return author === 'customer' ? [...created, request] : created
}

function authorOf(reading: Reading, person: Person, reporter: Person): Author {
  const id = idOf(person)
  if (person?.accountType === 'app') return saidAuthor(reading, id) ?? 'automation'
  const said = saidAuthor(reading, id)
  if (said) return said
  if (id === null) return 'automation'
  return person?.accountType === 'customer' || id === idOf(reporter) ? 'customer' : 'agent'
}

const COMMENT_WORDS = ['id', 'created', 'updated', 'author', 'updateAuthor', 'body', 'renderedBody', 'jsdPublic', 'visibility', 'self']

function commentFact(reading: Reading, id: string, comment: Comment, reporter: Person): ConnectedFact {
  const isPublic = comment.jsdPublic !== false && !comment.visibility
  const author = authorOf(reading, comment.author, reporter)
  const data = { by: idOf(comment.author) }
  return fact(reading, {
    id,
    type: 'message',
    at: comment.created,
    author,
    visibility: isPublic ? 'public' : 'internal',
    data,
    unknown: kept(comment, COMMENT_WORDS),
  })
}

/** People by their id, everything else by its name. */
const valuesOf = ({ field, from, fromString, to, toText }: Change): readonly [string | null, string | null] =>
  field === 'assignee' || field === 'reporter' ? [from || null, to || null] : [fromString || null, toText || null]

const CHANGE_WORDS = ['field', 'fieldId', 'from', 'fromString', 'to', 'toText']

function changeFacts(reading: Reading, id: string, at: number, author: Person, items: readonly Change[]): readonly ConnectedFact[] {
  return items.map((item, n) => {
    const [from, to] = valuesOf(item)
    return changeOf(reading, {
      id: `${id}/${n}`,
      at,
      field: fieldOf(reading, item),
      from,
      to,
      by: idOf(author),
      unknown: kept(item, CHANGE_WORDS),
    })
  })
}

/** The host may name a custom field by its id. */
const fieldOf = ({ options }: Reading, { field, fieldId }: Change): string =>
  fieldId && Object.hasOwn(options.fields ?? {}, fieldId) ? fieldId : field

function eventFacts(reading: Reading, event: { readonly webhookEvent: string }, path: string): readonly Found[] {
  switch (event.webhookEvent) {
    case 'jira:issue_created': {
      const { issue } = readPart('jira', z.looseObject({ issue: issueSchema }), event, path)
      const id = `jira/webhook/${issue.id}`
      const attributes = { ...bornWith(reading, further(issue)), ...(issue.key && { key: issue.key }) }
      const unknown = { ...kept(issue, ISSUE_WORDS), ...kept(issue.fields, FIELD_WORDS) }
      const rest = snapshot(reading, { id, type: 'field-changed', at: issue.fields.created, attributes, unknown })
      return about(issue.id, [...opening(reading, issue, id, [...now(issue), ...further(issue)]), ...rest])
    }
    case 'jira:issue_updated': {
      const { issue, changelog, timestamp, user } = readPart('jira', updatedSchema, event, path)
      return changelog
        ? about(issue.id, changeFacts(reading, `jira/webhook/${issue.id}/${changelog.id}`, timestamp, user, changelog.items))
        : []
    }
    case 'comment_created': {
      const { issue, comment } = readPart('jira', commentedSchema, event, path)
      return about(issue.id, [commentFact(reading, `jira/webhook/comment/${comment.id}`, comment, issue.fields?.reporter)])
    }
    default:
      return []
  }
}
