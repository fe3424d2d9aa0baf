import type { Instant } from '@patronkit/core'
import { toMs } from '@patronkit/core/service'
import type { Attributes, Fact, StoredFact } from './model.ts'

export { applyFacts, type Evolved, foldFacts, passTime, type Rules, unopened } from './evolve.ts'
export { viewClocks } from './view.ts'

/** A fact of a made-up timeline: `fact('resolved', '2026-11-23T10:00:00Z')`. Its id is its type and instant. */
export const fact = (type: Fact['type'], at: Instant, attributes: Attributes | null = null, arrival = 1): StoredFact => ({
  id: `${type}@${toMs(at)}`,
  type,
  at: toMs(at),
  attributes,
  data: null,
  arrival,
})
