import { laneOf, type StoredEvent } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import { bound, type Fields, int, maybeText, text } from './fields.ts'
import { type Shape, shapeOf } from './statement.ts'
import { eventTable } from './work-tables.ts'

/** The columns of an event and the properties they hold, in the order a read answers them. */
export const EVENT_PROPERTIES: readonly (readonly [column: string, property: keyof StoredEvent])[] = [
  ['tenant', 'tenant'],
  ['kind', 'kind'],
  ['subject', 'subject'],
  ['seq', 'seq'],
  ['type', 'type'],
  ['v', 'v'],
  ['effective_at', 'effectiveAt'],
  ['recorded_at', 'recordedAt'],
  ['actor', 'actor'],
  ['causation', 'causation'],
  ['correlation', 'correlation'],
  ['body', 'body'],
  ['salt', 'salt'],
  ['body_hash', 'bodyHash'],
  ['hash', 'hash'],
]

/** Columns of an event as a read selects them. */
export const EVENT_COLUMNS: readonly string[] = EVENT_PROPERTIES.map(([column]) => column)

/** An event out of the array a read answered. */
export function eventOf(stored: readonly unknown[]): StoredEvent {
  const event: Record<string, unknown> = {}
  for (let i = 0; i < EVENT_PROPERTIES.length; i++) event[EVENT_PROPERTIES[i]![1]] = stored[i]
  return event as unknown as StoredEvent
}

/** The statement that appends one event; it has no position until the sequencer gives one. */
export function appendShape(catalog: Catalog): Shape<StoredEvent> {
  const integers = new Set(eventTable.columns.filter((column) => column.type !== 'text').map((column) => column.name))
  const fields: Fields<StoredEvent> = Object.fromEntries(
    EVENT_PROPERTIES.map(([column, property]) => {
      const pick = integers.has(column)
        ? int<StoredEvent>((event) => event[property] as number)
        : maybeText<StoredEvent>((event) => event[property] as string | null)
      return [column, pick]
    }),
  )
  const lane = { lane: int<StoredEvent>((event) => laneOf(event.tenant)), tenant: text<StoredEvent>((event) => event.tenant) }
  const query = catalog.dialect.build.insertInto(catalog.named(eventTable.name)).values(bound(catalog, eventTable, { ...fields, ...lane }))
  return shapeOf(query.compile())
}
