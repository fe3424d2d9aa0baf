import { holds, type Json, valueAt } from '@patronkit/core/service'
import type { Attributes, Author, ItemState, StoredFact } from './model.ts'
import type { Policy, When } from './policy.ts'

/** A fact and the item around it, as the conditions of a metric see them. */
export interface Scene {
  readonly fact: StoredFact
  /** The words it goes by: its type, and `opened`, `request`, `reply` where it is one. */
  readonly words: readonly string[]
  readonly before: Attributes
  readonly after: Attributes
  readonly replied: boolean
  readonly openedBy: Author
}

const MESSAGES = ['message', 'customer-message', 'agent-reply']

/** Who speaks in a fact; null when nobody does. */
export function authorOf(fact: Pick<StoredFact, 'type' | 'author'>): Author | null {
  if (fact.author) return fact.author
  if (fact.type === 'customer-message' || fact.type === 'created') return 'customer'
  return fact.type === 'agent-reply' ? 'agent' : null
}

/** A customer asks. */
const isRequest = (fact: StoredFact): boolean =>
  MESSAGES.includes(fact.type) && fact.visibility !== 'internal' && authorOf(fact) === 'customer'

const BY_DEFAULT = ['agent'] as const

/** Whether a message counts as an answer: automatic ones and internal notes only where the policy says so. */
function isReply(fact: StoredFact, policy: Policy): boolean {
  const { by = BY_DEFAULT, internal = false } = policy.replies ?? {}
  const author = authorOf(fact)
  return (
    MESSAGES.includes(fact.type) &&
    author !== null &&
    (by as readonly Author[]).includes(author) &&
    (internal || fact.visibility !== 'internal')
  )
}

/** What begins the item's life: its creation, or where an agent opened it and the policy waits, the customer's first message. */
function opens(fact: StoredFact, openedBy: Author, policy: Policy): boolean {
  const waits = policy.openedByAgent === 'first-request' && openedBy !== 'customer' && openedBy !== 'third-party'
  return waits ? isRequest(fact) : fact.type === 'created'
}

/** The scene of a fact for one policy. */
export function sceneOf(fact: StoredFact, state: ItemState, after: Attributes, policy: Policy, replied: boolean): Scene {
  const words = [fact.type]
  if (opens(fact, state.openedBy, policy)) words.push('opened')
  if (isRequest(fact)) words.push('request')
  if (isReply(fact, policy)) words.push('reply')
  return { fact, words, before: state.attributes, after, replied, openedBy: state.openedBy }
}

/** Whether a fact is what a rule names. */
export function happens(when: When | undefined, scene: Scene): boolean {
  if (when === undefined) return false
  if (typeof when === 'string') return when === '*' || scene.words.includes(when)
  if (Array.isArray(when)) return (when as readonly string[]).some((word) => word === '*' || scene.words.includes(word))
  const pred = when as Exclude<When, string | readonly string[]>
  return holds(pred, (path) => seen(scene, path))
}

/** What conditions may look at. */
function seen(scene: Scene, path: string): unknown {
  const dot = path.indexOf('.')
  const [room, rest] = dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)]
  switch (room) {
    case 'fact':
      return ofFact(scene, rest)
    case 'item':
      return rest === 'replied' ? scene.replied : rest === 'openedBy' ? scene.openedBy : undefined
    case 'before':
      return valueAt(scene.before, rest)
    case 'after':
      return valueAt(scene.after, rest)
    case 'changed':
      return JSON.stringify(valueAt(scene.before, rest) ?? null) !== JSON.stringify(valueAt(scene.after, rest) ?? null)
    default:
      return undefined
  }
}

function ofFact({ fact, words }: Scene, name: string): unknown {
  if (name === 'opened' || name === 'request' || name === 'reply') return words.includes(name)
  if (name === 'type') return fact.type
  if (name === 'author') return authorOf(fact)
  if (name === 'visibility') return fact.visibility ?? 'public'
  if (name === 'channel') return fact.channel
  return name.startsWith('data.') ? valueAt((fact.data ?? {}) as { readonly [name: string]: Json }, name.slice(5)) : undefined
}

/** The fields that a condition of a metric may use; `*` stands for a path of the host's own. */
export const FIELDS = [
  ...['type', 'author', 'visibility', 'channel', 'opened', 'request', 'reply', 'data.*'].map((name) => `fact.${name}`),
  'item.replied',
  'item.openedBy',
  'before.*',
  'after.*',
  'changed.*',
] as const

/** Whether a field can ever have a value. */
export const isField = (path: string): boolean =>
  FIELDS.some((known) => (known.endsWith('*') ? path.startsWith(known.slice(0, -1)) && path.length >= known.length : path === known))
