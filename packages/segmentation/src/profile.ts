import { type Json, toIso } from '@patronkit/core/service'
import { badValue, wrong } from './refusals.ts'
import type { Values } from './rules/leaf.ts'
import { type Columns, columnOf } from './rules/source.ts'
import { foldText, reader } from './rules/values.ts'

/** What is known of a customer's columns, and when each was told. */
export interface Profile {
  readonly values: { readonly [column: string]: Json }
  readonly told: { readonly [column: string]: number }
}

export interface ProfileChange extends Profile {
  readonly changed: readonly string[]
}

/** Values as they are kept: JSON, each of its column's type. Undeclared columns and values of another type are refused. */
export function keptValues(given: Values, columns: Columns, path: string): { readonly [column: string]: Json } {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      if (!Object.hasOwn(columns, name)) {
        const known = Object.keys(columns).join(', ') || 'none are declared'
        throw wrong(`${path}.${name}`, 'is no column of this source', `Name one of: ${known}.`)
      }
      const column = columnOf(columns[name]!)
      const read = reader(name, column)(value)
      if (read === null) return [name, null]
      if (typeof read === 'string' && (!read.isWellFormed() || read.includes('\u0000'))) throw badValue(name, value, 'well-formed text')
      return [name, column.type === 'instant' ? toIso(read as number) : (value as Json)]
    }),
  )
}

/**
 * A profile with what was told at an instant. Each column keeps what was told latest, in whatever order it comes. A column that holds
 * another one folded, or since when it stands, is filled unless it was told too.
 */
export function toldProfile(before: Profile, given: { readonly [column: string]: Json }, at: number, columns: Columns): ProfileChange {
  const values: { [column: string]: Json } = { ...before.values }
  const told: { [column: string]: number } = { ...before.told }
  const changed: string[] = []
  const put = (name: string, value: Json) => {
    if (Object.hasOwn(told, name) && at < told[name]!) return false
    told[name] = at
    const was = Object.hasOwn(values, name) ? values[name]! : null
    if (JSON.stringify(was) === JSON.stringify(value)) return false
    if (value === null) delete values[name]
    else values[name] = value
    changed.push(name)
    return true
  }
  for (const [name, value] of Object.entries(given)) {
    if (!put(name, value)) continue
    for (const [other, filled] of Object.entries(filledBy(name, value, at, columns))) if (!Object.hasOwn(given, other)) put(other, filled)
  }
  return { values, told, changed }
}

/** The columns that fill themselves when another one is told. */
export function filledBy(name: string, value: unknown, at: number, columns: Columns): { readonly [column: string]: string | null } {
  if (!Object.hasOwn(columns, name)) return {}
  const { folded, since } = columnOf(columns[name]!)
  return {
    ...(folded === undefined ? {} : { [folded]: typeof value === 'string' ? foldText(value) : null }),
    ...(since === undefined ? {} : { [since]: value === null ? null : toIso(at) }),
  }
}
