import { defineCalendar } from '@patronkit/business-time'
import { any, field, manualClock, memoryStorage } from '@patronkit/core'
import { expect, test } from 'vitest'
import { createSla, defineSlaPolicy } from '../src/index.ts'
import { examples } from './connectors/every.ts'

const MINUTE = 60_000
const always = ['00:00', '24:00'] as const
const week = { mon: [always], tue: [always], wed: [always], thu: [always], fri: [always], sat: [always], sun: [always] }
const calendar = defineCalendar({ id: 'always', zone: 'UTC', week })
const policy = defineSlaPolicy({
  id: 'desk',
  calendar: calendar.id,
  pauseWhile: any(field('status').eq('pending'), field('status').eq('hold')),
  onReopen: 'resume',
  targets: { 'first-reply': { within: { hours: 1 } }, 'time-to-own': { within: { hours: 1 } }, resolution: { within: { hours: 8 } } },
})

/**
 * One life, told by every payload: opened at 09:00, answered by a rule at 09:01, noted at 09:10, owned at 09:20 (Chatwoot: 09:06),
 * answered and paused at 09:30, open again at 11:00, solved at 12:00, reopened at 15:00; some vendors tell fractions of a second.
 */
test.each(examples)('$vendor: the clocks count the same life', async ({ vendor, lists, read }) => {
  const sla = createSla({ storage: memoryStorage(), clock: manualClock('2026-03-02T16:30:00Z') }).for({
    tenant: 't',
    by: { type: 'system', id: 'import' },
  })
  for (const definition of [calendar, policy]) await sla.publish({ definition })
  const records = read(lists)
  expect(records).toHaveLength(1)
  for (const record of records) await sla.record(record)
  const { clocks } = await sla.status({ item: records[0]!.item, asOf: '2026-03-02T15:30:00Z' })
  const worked = Object.fromEntries(clocks.map(({ metric, workedMs }) => [metric, Math.round(workedMs / MINUTE)]))
  const hasMessages = !('events' in lists) || vendor !== 'hubspot'
  // a webhook of Zammad shows the owner when it happens to come, here with the reply
  const owned = vendor === 'chatwoot' ? 6 : 'webhooks' in lists ? 30 : 20
  // 09:00 to 09:30 and 11:00 to 12:00, then 15:00 to 15:30
  expect(worked).toMatchObject({
    resolution: 120,
    ...(hasMessages && { 'first-reply': 30 }),
    'time-to-own': owned,
  })
})
