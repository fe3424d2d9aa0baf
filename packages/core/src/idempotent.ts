import { canonicalJson, type Json, sha256Hex } from './canonical.ts'
import { type Context, commit, type Operation, read } from './context.ts'
import { commandKeys } from './core-tables.ts'
import { PatronkitError } from './errors.ts'
import { get } from './port.ts'
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
 * `content` is the command after validation and before defaults. It is kept as salted hashes, one a field.
 */
export function* once<T extends Json>(
  ctx: Context,
  i: { readonly command: string; readonly idempotencyKey: string; readonly content: { readonly [field: string]: Json | undefined } },
  decide: () => Operation<Decided<T>>,
): Operation<T> {
  const { command, idempotencyKey: key } = i
  const [stored] = yield* read(ctx, get(commandKeys, { command, key }))
  if (stored) {
    const before = stored.content as { readonly [field: string]: string }
    const now = hashed(i.content, stored.salt)
    const differs = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name])
    if (differs.length > 0) throw conflict(key, command, differs.sort())
    return stored.answer as T
  }
  const { units, answer } = yield* decide()
  const salt = ctx.salt()
  const row = { command, key, salt, content: hashed(i.content, salt), answer, at: ctx.now }
  const [first, ...others] = units
  const unique: readonly Unique[] = [{ table: commandKeys, row }, ...(first.unique ?? [])]
  yield* commit([{ ...first, unique }, ...others])
  return answer
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
