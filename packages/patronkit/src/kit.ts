import type { Clock, Deps, Joined, Scope, Session, Storage } from '@patronkit/core'
import { createRunner, type Runner } from '@patronkit/core/runner'
import { createKpi, type Kpi } from '@patronkit/kpi-scoring'
import { createLoyalty, type Loyalty } from '@patronkit/loyalty-points'
import { createSegments, type Segments, type SegmentsDeps } from '@patronkit/segmentation'
import { createSla, type Sla } from '@patronkit/sla-engine'

/** Every domain, for one tenant and actor. */
export interface Domains {
  readonly kpi: Kpi
  readonly sla: Sla
  readonly loyalty: Loyalty
  readonly segments: Segments
}

/** All packages over one storage. */
export interface Kit extends Runner {
  /** The only objects with verbs: bound to a tenant and to whoever acts. `in` puts all domains into the host's transaction. */
  for(scope: Scope): Domains & { in(session: Session): { readonly [D in keyof Domains]: Joined<Domains[D]> } }
  readonly schema: Storage['schema']
}

/**
 * Assembles the packages over the host's storage.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@patronkit/core'
 * import { createPatronkit } from 'patronkit'
 *
 * const kit = createPatronkit({ storage: memoryStorage() })
 * kit.consumer({ name: 'breach-mail', types: ['sla.breached'], handle: (e) => console.log(`${e.data.item.id} broke ${e.data.metric}`) })
 * await kit.tick()
 * ```
 */
export function createPatronkit(deps: {
  readonly storage: Storage
  readonly clock?: Clock
  readonly random?: Deps['random']
  /** Reads your own tables, for segments over them. */
  readonly tables?: SegmentsDeps['tables']
}): Kit {
  const services = { kpi: createKpi(deps), loyalty: createLoyalty(deps), segments: createSegments(deps), sla: createSla(deps) }
  const runner = createRunner({ ...deps, services: Object.values(services) })
  return Object.freeze({
    for: (scope: Scope) => {
      const bound = {
        kpi: services.kpi.for(scope),
        loyalty: services.loyalty.for(scope),
        segments: services.segments.for(scope),
        sla: services.sla.for(scope),
      }
      const joined = (session: Session) =>
        Object.freeze({
          kpi: bound.kpi.in(session),
          loyalty: bound.loyalty.in(session),
          segments: bound.segments.in(session),
          sla: bound.sla.in(session),
        })
      return Object.freeze({ ...bound, in: joined })
    },
    consumer: runner.consumer,
    tick: runner.tick,
    health: runner.health,
    schema: deps.storage.schema,
  })
}
