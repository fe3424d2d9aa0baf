import type { Json } from './canonical.ts'

/** From one shape of an event's data to the next. Pure: the stored event stays as it is. */
export type Upcast = (data: Json) => Json

/** By event type, then by the version that was stored. */
export interface Upcasters {
  readonly [type: string]: { readonly [v: number]: Upcast }
}

/** Data in its newest shape: each step leads from one version to the next, and where there is none it is the newest. */
export function upcast(upcasters: Upcasters, event: { readonly type: string; readonly v: number }, data: Json): Json {
  const steps = Object.hasOwn(upcasters, event.type) ? upcasters[event.type]! : {}
  let newest = data
  for (let v = event.v; Object.hasOwn(steps, v); v++) newest = steps[v]!(newest)
  return newest
}
