import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { seededRandom } from '@patronkit/core/testing'
import { expect } from 'vitest'
import { createSegments } from '../src/index.ts'

export const START = '2026-11-02T09:00:00Z'

/** A tenant who tells about people and their companies, and what is heard of the companies. */
export function office(storage: Storage = memoryStorage()) {
  const clock = manualClock(START)
  const service = createSegments({ storage, clock, random: seededRandom(1) })
  const runner = createRunner({ storage, clock, services: [service] })
  const segments = service.for({ tenant: 'acme', by: { type: 'system', id: 'crm' } })
  const heard: string[] = []
  runner.consumer({
    name: 'crm',
    types: ['segments.entered', 'segments.exited'],
    handle: ({ type, data, at }) => {
      if (data.source !== 'firms') return
      const cause = 'id' in data.cause ? `${data.cause.by} ${data.cause.id}` : data.cause.by
      heard.push(`${data.customer} ${type.slice(9)} ${data.segment} ${at.toISOString().slice(5, 16)} ${cause}`)
    },
  })
  const ticked = async () => {
    for (let more = true; more; ) {
      const done = await runner.tick()
      expect(done.failed).toEqual([])
      more = done.more
    }
    return heard.splice(0)
  }
  const person = (customer: string, profile: object, facts: readonly { id: string; type: string; at: Date }[] = []) =>
    segments.record({ source: 'people', customer, profile: { ...profile }, facts })
  const order = (id: string, at: Date = clock.now()) => ({ id, type: 'order', at })
  const firm = (customer: string) => segments.record({ source: 'firms', customer, profile: { size: 1 }, facts: [] })
  const inside = async (customer: string) =>
    (await segments.membershipsOf({ source: 'firms', customer })).segments.map(({ segment }) => segment)
  return { clock, storage, segments, ticked, person, order, firm, inside }
}
