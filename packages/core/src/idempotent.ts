import { canonicalJson, type Json, sha256Hex } from './canonical.ts'
import { type Context, commit, type Operation, read } from './context.ts'
import { commandKeys } from './core-tables.ts'
import { PatronkitError } from './errors.ts'
import { type Answers, type Asking, get, type Read } from './port.ts'
import type { RowOf } from './table.ts'
import type { Unique, Unit } from './unit.ts'

/** What a command comes to: what is to be written, and the answer that every replay gives again. */
export interface Decided<T extends Json> {
  readonly units: readonly [Unit, ...Unit[]]
  readonly answer: T
}

/**
 * Runs a command once for its key. A key is unique per tenant and command name. The same content again gives the stored
 * answer; other content is refused, naming the fields that differ. Only committed answers are stored: after a rejection
 * the same key may be used again.
 *
 * `content` is the command after validation and before defaults. It is kept as salted hashes, one a field. `reads` travel
 * with the look-up of the key, in one snapshot, and `decide` is given their answers: that saves a round trip.
 */
export function* once<T extends Json, const R extends readonly Read[] = readonly []>(
  ctx: Context,
  i: Keyed & { readonly reads?: R },
  decide: (answers: Answers<R>) => Operation<Decided<T>>,
): Operation<T> {
  const [stored, ...answers] = yield* read(ctx, keyRead(i), ...(i.reads ?? []))
  if (stored) return replayed<T>(stored, i)
  const decided = yield* decide(answers as unknown as Answers<R>)
  yield* commit(keyed(ctx, i, decided))
  return decided.answer
}

/** A command and its content, for a key. */
export interface Keyed {
  readonly command: string
  readonly idempotencyKey: string
  readonly content: { readonly [field: string]: Json | undefined }
}

type KeyRow = RowOf<typeof commandKeys>

/** Whether a key was used. With {@link replayed} and {@link keyed} it is `once` in pieces, for many commands in one commit. */
export const keyRead = ({ command, idempotencyKey: key }: Keyed): Asking<KeyRow | null> => get(commandKeys, { command, key })

/** The stored answer of a key that was used with the same content; refused where the content is another. */
export function replayed<T extends Json>(stored: KeyRow, { command, idempotencyKey, content }: Keyed): T {
  const before = stored.content as { readonly [field: string]: string }
  const now = hashed(content, stored.salt)
  const differs = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name])
  if (differs.length > 0) throw conflict(idempotencyKey, command, differs.sort())
  return stored.answer as T
}

/** The units of a decision, the first of them with the row of its key. */
export function keyed<T extends Json>(ctx: Context, i: Keyed, { units, answer }: Decided<T>): readonly [Unit, ...Unit[]] {
  const { command, idempotencyKey: key, content } = i
  const salt = ctx.salt()
  const row = { command, key, salt, content: hashed(content, salt), answer, at: ctx.now }
  const [first, ...others] = units
  const unique: readonly Unique[] = [{ table: commandKeys, row }, ...(first.unique ?? [])]
  return [{ ...first, unique }, ...others]
}

const hashed = (content: { readonly [field: string]: Json | undefined }, salt: string): { readonly [field: string]: string } =>
  Object.fromEntries(
    Object.entries(content)
      .filter((entry): entry is [string, Json] => entry[1] !== undefined)
      .map(([name, value]) => [name, sha256Hex(`${salt}${name}\n${canonicalJson(value)}`)]),
  )

const conflict = (key: string, command: string, differs: readonly string[]) =>
  new PatronkitError({
    code: 'core/idempotency-conflict',
    message: `key ${key} was used for ${command} before with another ${differs.join(', ')}. Use a new key for a new command, and send a repeated one unchanged.`,
    details: { idempotencyKey: key, differs },
  })
