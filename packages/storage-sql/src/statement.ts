import { type CompiledQuery, type RawBuilder, sql } from 'kysely'

/** What crosses a session: a text, and texts or nulls for its parameters. */
export interface Statement {
  readonly text: string
  readonly params: readonly (string | null)[]
}

/** Takes one parameter out of what a statement is about. */
export type Pick<S> = (tenant: string, from: S) => string | null

/** A statement compiled once: its text, and where each parameter comes from. */
export interface Shape<S> {
  readonly text: string
  readonly picks: readonly Pick<S>[]
}

/** A parameter of a shape. It travels through the query builder as a value and is found again among the parameters. */
export const parameter = <S>(pick: Pick<S>): RawBuilder<unknown> => sql.val({ pick })

/** Keeps the text and the picks of a compiled query. */
export function shapeOf<S>(query: CompiledQuery): Shape<S> {
  return { text: query.sql, picks: query.parameters.map((slot) => (slot as { pick: Pick<S> }).pick) }
}

/** The statement of a shape for one case. */
export function ask<S>(shape: Shape<S>, tenant: string, from: S): Statement {
  const { picks } = shape
  const params = new Array<string | null>(picks.length)
  for (let i = 0; i < picks.length; i++) params[i] = picks[i]!(tenant, from)
  return { text: shape.text, params }
}

/** Builds a value for a key the first time it is asked for. */
export function kept<K, V>(map: Map<K, V>, key: K, build: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = build()
    map.set(key, value)
  }
  return value
}
