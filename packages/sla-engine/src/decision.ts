import type { Happened, Json } from '@patronkit/core/service'
import type { ItemState } from './model.ts'

/** What a decision comes to: the item as it is now, and what is to be written down about it. */
export interface Decision {
  readonly state: ItemState
  readonly events: readonly Happened[]
}

/** What stands in an event. */
export const json = (data: object): Json => data as unknown as Json
