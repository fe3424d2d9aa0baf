import { canonicalJson, sha256Hex } from '@patronkit/core/service'
import type { Author, ConnectedFact, ItemFacts, Status } from './facts.ts'
import { kept } from './payload.ts'

/** What a host may say beside a payload, the same for every vendor. */
export interface ConnectorOptions {
  /** The type of the items, `ticket` when left out. Give each vendor its own when two of them serve one tenant. */
  readonly itemType?: string
  /** Who a person is, by the vendor's id; asked first, because payloads often do not tell an agent from a customer. */
  readonly authors?: { readonly [id: string]: Author } | ((id: string) => Author | undefined)
  /** What statuses of your own are in the conventional words, by the vendor's name or number. */
  readonly statuses?: { readonly [own: string]: Status }
  /** Further fields that become attributes: the vendor's name of the field to the attribute's name. */
  readonly fields?: { readonly [field: string]: string }
  /**
   * Fields of the vendor's that are no words of ours are kept in a fact's data, under the vendor's name. Leave them out where
   * you read the same records again and again: a fact that comes back with other data is refused as another fact.
   */
  readonly unknownFields?: 'keep' | 'leave-out'
}

/** The words of one vendor. */
export interface Vocabulary {
  readonly vendor: string
  /** By the vendor's name or number, in lower case. */
  readonly statuses: ReadonlyMap<string, Status>
  readonly priorities?: ReadonlyMap<string, string>
  /** What the vendor's fields are to us. */
  readonly roles: ReadonlyMap<string, Role>
}

export type Role = 'status' | 'priority' | 'assignee' | 'team' | 'requester' | 'type'

/** A vendor's words together with what the host said. */
export interface Reading {
  readonly words: Vocabulary
  readonly options: ConnectorOptions
}

/** A fact with the item it is about. */
export interface Found {
  readonly item: string
  readonly fact: ConnectedFact
}

/** Only what stands in the record itself: names come from payloads, and `constructor` is no answer. */
const own = <T>(record: { readonly [name: string]: T } | undefined, name: string): T | undefined =>
  record && Object.hasOwn(record, name) ? record[name] : undefined

/** Who the host says a person is. */
export function saidAuthor({ options }: Reading, id: string | null | undefined): Author | undefined {
  if (id === null || id === undefined) return undefined
  return typeof options.authors === 'function' ? options.authors(id) : own(options.authors, id)
}

/** A status in the conventional words. One that nobody explained counts as open: the clocks run. */
export function statusOf({ words, options }: Reading, vendors: string): Status {
  return own(options.statuses, vendors) ?? words.statuses.get(vendors.trim().toLowerCase()) ?? 'open'
}

/** A priority in lower case, numbers by name: `2 normal`, `NORMAL` and Freshdesk's `2` read as words. */
export function priorityOf({ words }: Reading, vendors: string | null): string | null {
  const word = vendors?.trim().toLowerCase() ?? ''
  return words.priorities?.get(word) ?? (word.replace(/^\d+ (- )?/, '') || null)
}

/** An attribute is a word or a short list; what is longer stays in the data. */
const LARGEST_ATTRIBUTE = 2_000
const LARGEST_WORD = 200

/** The attributes that a field of the vendor's sets; none for a field that neither we nor the host know. */
export function attributesOf(reading: Reading, field: string, value: unknown): { readonly [name: string]: unknown } {
  const named = own(reading.options.fields, field)
  if (named !== undefined) return JSON.stringify(value ?? null).length > LARGEST_ATTRIBUTE ? {} : { [named]: value ?? null }
  const role = reading.words.roles.get(field)
  if (role === undefined) return {}
  const word = value === null || value === undefined || value === '' ? null : String(value).slice(0, LARGEST_WORD)
  if (role === 'status') return word === null ? {} : { status: statusOf(reading, word), vendorStatus: word }
  return { [role]: role === 'priority' ? priorityOf(reading, word) : role === 'type' ? (word?.toLowerCase() ?? null) : word }
}

const isDone = (status: Status): boolean => status === 'solved' || status === 'closed'

/**
 * What a status means for the clocks, given the one before it: null when there was none, undefined when the vendor does not say.
 * Not knowing it, an open item may have been solved before, and `reopened` does nothing to a clock that was not stopped.
 */
export function statusType(before: Status | null | undefined, now: Status): string {
  if (now === 'closed') return 'closed'
  if (now === 'solved') return 'resolved'
  const wasDone = before === undefined ? now === 'open' : before !== null && isDone(before)
  return wasDone ? 'reopened' : 'status-changed'
}

export interface FieldChange {
  readonly id: string
  readonly at: number
  readonly field: string
  /** Null when the field was empty, undefined when the vendor does not say what it was. */
  readonly from: unknown
  readonly to: unknown
  readonly by?: string | null | undefined
  readonly unknown?: { readonly [name: string]: unknown }
}

/** One field of an item was changed. */
export function changeOf(reading: Reading, change: FieldChange): ConnectedFact {
  const { id, at, field, from, to, by, unknown } = change
  return fact(reading, {
    id,
    type: changeType(reading, field, from, to),
    at,
    attributes: attributesOf(reading, field, to),
    data: { by, field, from, to },
    ...(unknown && { unknown }),
  })
}

function changeType(reading: Reading, field: string, from: unknown, to: unknown): string {
  const role = reading.words.roles.get(field)
  const isGone = to === null || to === undefined || to === ''
  if (role === undefined) return 'field-changed'
  if (role === 'assignee') return isGone ? 'unassigned' : 'assigned'
  if (role !== 'status') return `${role}-changed`
  if (isGone) return 'field-changed'
  const before = from === undefined ? undefined : from === null || from === '' ? null : statusOf(reading, String(from))
  return statusType(before, statusOf(reading, String(to)))
}

/** What an item was born with: attributes by role or by the host's names. */
export const bornWith = (
  reading: Reading,
  values: readonly (readonly [field: string, value: unknown])[],
): { readonly [name: string]: unknown } =>
  Object.fromEntries(values.flatMap(([field, value]) => Object.entries(attributesOf(reading, field, value))))

interface NewFact extends Omit<ConnectedFact, 'at' | 'author' | 'channel'> {
  readonly at: number
  readonly author?: Author | undefined
  readonly channel?: string | undefined
  readonly unknown?: { readonly [name: string]: unknown }
}

/** A fact without its empty parts. */
export function fact({ words, options }: Reading, given: NewFact): ConnectedFact {
  const { id, type, at, author, visibility, channel, attributes, data, unknown = {} } = given
  const rest = options.unknownFields === 'leave-out' ? {} : kept(unknown, [])
  const said = { ...kept(data ?? {}, []), ...(Object.keys(rest).length > 0 && { [words.vendor]: rest }) }
  const set = Object.entries(attributes ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.slice(0, LARGEST_ATTRIBUTE) : value,
  ])
  return {
    id,
    type,
    at: new Date(at),
    ...(author && { author }),
    ...(visibility && { visibility }),
    ...(channel && { channel: channel.slice(0, 100) }),
    ...(set.length > 0 && { attributes: Object.fromEntries(set) }),
    ...(Object.keys(said).length > 0 && { data: said }),
  }
}

/** An item is created. Born with an assignee, or solved at once, the clocks hear of it as of a change. */
export function birth(reading: Reading, given: NewFact): readonly ConnectedFact[] {
  const created = fact(reading, given)
  const { status, vendorStatus } = created.attributes ?? {}
  const done = status === 'solved' || status === 'closed' ? statusType(null, status) : undefined
  const { id, at } = given
  return [
    created,
    ...owned(reading, created),
    ...(done ? [fact(reading, { id: `${id}/done`, type: done, at, attributes: { status, vendorStatus } })] : []),
  ]
}

/**
 * How an item stood at a moment, where the vendor sends it whole. What it says is part of the id: the same again counts once,
 * and a second picture of the same moment that says something else stands beside the first.
 */
export function snapshot(reading: Reading, given: NewFact): readonly ConnectedFact[] {
  const { type, attributes = null, data = null, ...rest } = fact(reading, given)
  const id = `${given.id}/at/${given.at}/${sha256Hex(canonicalJson({ type, attributes, data })).slice(0, 12)}`
  const picture = { ...rest, id, type, ...(attributes && { attributes }), ...(data && { data }) }
  return [picture, ...owned(reading, picture)]
}

function owned(reading: Reading, { id, at, attributes }: ConnectedFact): readonly ConnectedFact[] {
  const assignee = attributes?.assignee
  return assignee ? [fact(reading, { id: `${id}/assigned`, type: 'assigned', at: at.getTime(), attributes: { assignee } })] : []
}

const MOST_FACTS = 1_000

/** Facts by item, in time; one that stands twice in a payload counts once. */
export function gather({ options }: Reading, found: readonly Found[]): readonly ItemFacts[] {
  const type = options.itemType ?? 'ticket'
  const answers: ItemFacts[] = []
  for (const [id, ofItem] of Map.groupBy(found, ({ item }) => item)) {
    const once = new Map<string, ConnectedFact>()
    for (const { fact } of ofItem) if (!once.has(fact.id)) once.set(fact.id, fact)
    const facts = [...once.values()].sort((a, b) => a.at.getTime() - b.at.getTime())
    for (let n = 0; n < facts.length; n += MOST_FACTS) answers.push({ item: { type, id }, facts: facts.slice(n, n + MOST_FACTS) })
  }
  return answers
}
