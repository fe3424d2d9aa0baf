import type { Actor } from './actor.ts'
import { canonicalJson, type Json, sha256Hex } from './canonical.ts'

/** The state of a subject that every commit on it moves: its version, its last instant, and the end of its event chain. */
export interface Head {
  readonly version: number
  readonly lastAt: number
  readonly seq: number
  readonly chain: string
}

/** The head of a subject nobody has written yet. */
export const NO_HEAD: Head = Object.freeze({ version: 0, lastAt: 0, seq: 0, chain: '' })

/** An event as a decision states it: what happened, and when it was true. */
export interface Happened<T extends string = string, B = Json> {
  readonly type: T
  readonly v: number
  readonly at: number
  readonly data: B
}

/** An event as it is stored, in its final format. Body and salt are null once redacted; the chain verifies all the same. */
export interface StoredEvent {
  readonly tenant: string
  readonly kind: string
  readonly subject: string
  readonly seq: number
  readonly type: string
  readonly v: number
  readonly effectiveAt: number
  readonly recordedAt: number
  readonly actor: string
  readonly causation: string | null
  readonly correlation: string | null
  readonly body: string | null
  readonly salt: string | null
  readonly bodyHash: string
  readonly hash: string
}

/** What sealing needs to know beside the event itself. */
export interface Seal {
  readonly tenant: string
  readonly kind: string
  readonly subject: string
  readonly actor: Actor
  readonly recordedAt: number
  readonly causation: string | null
  readonly correlation: string | null
  readonly salt: () => string
}

/** Chains events onto a head: bodyHash = sha256(salt + body), hash = sha256(previous + envelope + bodyHash). */
export function sealEvents(
  head: Head,
  events: readonly Happened[],
  seal: Seal,
): { readonly events: readonly StoredEvent[]; readonly chain: string } {
  const actor = canonicalJson(seal.actor)
  let chain = head.chain
  const sealed = events.map((event, i): StoredEvent => {
    const body = canonicalJson(event.data)
    const salt = seal.salt()
    const bare = {
      tenant: seal.tenant,
      kind: seal.kind,
      subject: seal.subject,
      seq: head.seq + i + 1,
      type: event.type,
      v: event.v,
      effectiveAt: event.at,
      recordedAt: seal.recordedAt,
      actor,
      causation: seal.causation,
      correlation: seal.correlation,
    }
    const bodyHash = sha256Hex(salt + body)
    chain = sha256Hex(chain + envelope(bare) + bodyHash)
    return { ...bare, body, salt, bodyHash, hash: chain }
  })
  return { events: sealed, chain }
}

type Envelope = Omit<StoredEvent, 'body' | 'salt' | 'bodyHash' | 'hash'>

const envelope = (e: Envelope): string =>
  JSON.stringify([e.tenant, e.kind, e.subject, e.seq, e.type, e.v, e.effectiveAt, e.recordedAt, e.actor, e.causation, e.correlation])

/** Where a chain of events has come. */
export interface ChainEnd {
  readonly seq: number
  readonly chain: string
}

/**
 * Where a chain of one subject's events breaks: the first seq that was altered, removed or inserted; null when it is whole. A chain
 * that is read in pieces goes on `from` the end of the piece before.
 */
export function brokenAt(events: readonly StoredEvent[], anchor: ChainEnd, from: ChainEnd = { seq: 0, chain: '' }): number | null {
  let { chain } = from
  for (const [i, event] of events.entries()) {
    if (event.seq !== from.seq + i + 1) return from.seq + i + 1
    if (event.body !== null && sha256Hex((event.salt ?? '') + event.body) !== event.bodyHash) return event.seq
    chain = sha256Hex(chain + envelope(event) + event.bodyHash)
    if (chain !== event.hash) return event.seq
  }
  const end = from.seq + events.length
  return end === anchor.seq && chain === anchor.chain ? null : end + 1
}
