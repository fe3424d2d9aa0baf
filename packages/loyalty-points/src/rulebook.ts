import type { Definition, Instant, Published } from '@patronkit/core'
import {
  type Asking,
  type Context,
  definitionId,
  type Operation,
  type Pinned,
  pinnedDefinition,
  publishDefinition,
  read,
  toIso,
  type Version,
  versionAt,
  versionsOf,
} from '@patronkit/core/service'
import type { Programme } from './programme.ts'
import { programmeSchema } from './programme-schema.ts'
import { refusal, senseless } from './refusals.ts'

export const PROGRAMME = 'loyalty-programme'

/** The kinds of definition that this package publishes. */
const KINDS = { [PROGRAMME]: programmeSchema }

/** A programme as it was in force, and which version of it. */
export interface InForce {
  readonly pinned: Pinned
  readonly programme: Programme
}

/** Finds the programme of a command and keeps what was parsed; a body never changes under its hash, so nothing grows stale. */
export interface Rulebook {
  /** Of the versions that {@link programmeVersions} answered: the one in force at an instant. */
  inForce(ctx: Context, versions: readonly Version[], id: string, at: number): Operation<InForce>
  /** A version that was pinned. */
  pinned(ctx: Context, pinned: Pinned): Operation<InForce>
}

/** Which versions of a programme there are; travels with the reads of an account. */
export const programmeVersions = (id: string): Asking<readonly Version[]> => versionsOf(PROGRAMME, id)

/**
 * Stores a programme. What its accounts have is in the currency that it began with, and under another one nobody would see it:
 * so that stays as it is.
 */
export function* publishProgramme(
  book: Rulebook,
  ctx: Context,
  i: { readonly definition: Definition; readonly effectiveFrom?: Instant | undefined },
): Operation<Published> {
  const given = programmeSchema.safeParse(i.definition?.body)
  if (given.success && definitionId.safeParse(i.definition.id).success) {
    const { id } = i.definition
    const [[first]] = yield* read(ctx, programmeVersions(id))
    const began = first && (yield* book.pinned(ctx, pinnedIn(first, id))).programme.currency
    if (began !== undefined && began !== given.data.currency)
      throw senseless(`${id}.currency`, `is ${began} in the versions before and stays so; publish ${given.data.currency} under another id`)
  }
  return yield* publishDefinition(ctx, i, KINDS)
}

const pinnedIn = ({ version, hash }: Version, id: string): Pinned => ({ id, version, hash })

const KEPT = 1_000

export function createRulebook(): Rulebook {
  const programmes = new Map<string, Programme>()
  function* pinnedTo(ctx: Context, pinned: Pinned): Operation<InForce> {
    const known = programmes.get(pinned.hash)
    if (known) return { pinned, programme: known }
    const { body } = yield* pinnedDefinition(ctx, PROGRAMME, pinned)
    const programme = programmeSchema.parse(body)
    if (programmes.size >= KEPT) programmes.delete(programmes.keys().next().value!)
    programmes.set(pinned.hash, programme)
    return { pinned, programme }
  }
  return {
    pinned: pinnedTo,
    inForce: function* (ctx, versions, id, at) {
      const pinned = versionAt(versions, id, at)
      if (!pinned) throw refusal({ code: 'loyalty/programme-unknown', details: { programme: id, at: toIso(at) } })
      return yield* pinnedTo(ctx, pinned)
    },
  }
}
