import { PatronkitError, type Pred, type Scalar } from '@patronkit/core'
import type { Json } from '@patronkit/core/service'
import type { Attributes } from '../model.ts'
import type { Policy } from '../policy.ts'

const MOST_KINDS = 20_000

/** A kind of item: a value for each attribute that policies ask for; undefined is none of those they name. */
export type Kind = readonly (readonly [path: string, value: Scalar | undefined])[]

/**
 * Every kind of item that policies tell apart: for each attribute they name, the values they compare it with, and none of these.
 * Numbers that are compared by size come with their neighbours on both sides.
 */
export function kindsOf(policies: readonly Policy[], without: ReadonlySet<string>): readonly Kind[] {
  const values = valuesOf(policies)
  const paths = [...values.keys()].filter((path) => !without.has(path)).sort()
  const count = paths.reduce((product, path) => product * (values.get(path)!.size + 1), 1)
  if (count > MOST_KINDS) throw tooMany(count, paths)
  let kinds: readonly Kind[] = [[]]
  for (const path of paths) {
    const each: readonly (Scalar | undefined)[] = [...values.get(path)!, undefined]
    kinds = kinds.flatMap((kind) => each.map((value) => [...kind, [path, value] as const]))
  }
  return kinds
}

/** The values that policies compare each attribute with. */
export function valuesOf(policies: readonly Policy[]): ReadonlyMap<string, ReadonlySet<Scalar>> {
  const values = new Map<string, Set<Scalar>>()
  const add = (path: string, ...some: readonly Scalar[]) => {
    const known = values.get(path) ?? new Set()
    values.set(path, known)
    for (const value of some) if (value !== null) known.add(value)
  }
  const walk = (pred: Pred): void => {
    if (pred.op === 'not') walk(pred.of)
    else if (!('field' in pred)) for (const inner of pred.of) walk(inner)
    else if (pred.op === 'in') add(pred.field, ...pred.values)
    else if (typeof pred.value === 'number') add(pred.field, pred.value - 1, pred.value, pred.value + 1)
    else add(pred.field, pred.value)
  }
  for (const { when, targets, calendar } of policies) {
    if (when) walk(when)
    if (typeof calendar !== 'string') add(calendar.by, ...Object.keys(calendar.of))
    for (const { within } of Object.values(targets)) if ('by' in within) add(within.by, ...Object.keys(within.of))
  }
  return values
}

/** `customer.tier` as an object in an object; without a prototype, so that no name means anything else. */
export function attributesOf(kind: Kind): Attributes {
  const root: { [name: string]: Json } = Object.create(null)
  for (const [path, value] of kind) {
    if (value === undefined) continue
    const steps = path.split('.')
    const last = steps.pop()!
    let found = root
    for (const step of steps) {
      const inner = found[step]
      const next: { [name: string]: Json } =
        typeof inner === 'object' && inner !== null ? (inner as { [name: string]: Json }) : Object.create(null)
      found[step] = next
      found = next
    }
    found[last] = value
  }
  return root
}

const tooMany = (count: number, paths: readonly string[]) => {
  const message = `tell ${count} kinds of items apart (by ${paths.join(', ')}), more than ${MOST_KINDS}`
  return new PatronkitError({
    code: 'core/invalid-input',
    message: `policies: ${message}. Check fewer policies at once.`,
    details: { issues: [{ path: 'policies', message }] },
  })
}
