import { attempt, field, memoryStorage } from '@patronkit/core'
import { expect, test } from 'vitest'
import { createSla, defineSlaPolicy, type Policy } from '../src/index.ts'

/** A policy that is sound but for what is given: as text, since some of it could not be written down otherwise. */
const defined = (fault: string) =>
  defineSlaPolicy({
    id: 'p',
    calendar: 'office',
    targets: { resolution: { within: { hours: 8 } } },
    ...(JSON.parse(fault) as Partial<Policy>),
  })

const nested = (depth: number): string =>
  `${'{"op":"not","of":'.repeat(depth)}{"op":"eq","field":"after.status","value":"open"}${'}'.repeat(depth)}`

const start = (condition: string): string => `{"metrics":{"care":{"start":${condition}}}}`
const step = (of: string): string => `{"targets":{"resolution":{"within":{"hours":8},"steps":[${of}]}}}`
const within = (of: string): string => `{"targets":{"resolution":{"within":${of}}}}`

test.each([
  // names that mean something to an object
  ['metrics: __proto__ is not a name', '{"metrics":{"__proto__":{"start":"created"}}}'],
  ['targets: __proto__ is not a name', '{"targets":{"__proto__":{"within":{"hours":1}}}}'],
  ['calendar.of: __proto__ is not a name', '{"calendar":{"by":"team","of":{"__proto__":"a"},"otherwise":"b"}}'],
  ['targets.resolution.within.of: __proto__ is not a name', within('{"by":"priority","of":{"__proto__":{"hours":1}}}')],
  ['targets.constructor: is not a known metric', '{"targets":{"constructor":{"within":{"hours":1}}}}'],
  ['targets.toString: name a metric like first-reply', '{"targets":{"toString":{"within":{"hours":1}}}}'],
  ['quietOutside: ', '{"quietOutside":"__proto__"}'],
  ['Unrecognized key: "quiet"', '{"quiet":"office"}'],
  // conditions: of the item, and of a metric
  ['when: a condition has at most 1,000 parts, nested at most 20 deep', `{"when":${nested(25)}}`],
  ['when: a condition has at most 1,000 parts, nested at most 20 deep', `{"when":${nested(100_000)}}`],
  ['pauseWhile: a condition has at most', `{"pauseWhile":{"op":"all","of":[${Array(1_001).fill('{"op":"any","of":[]}').join(',')}]}}`],
  ['when.op: ', '{"when":{"op":"equals","field":"tier","value":"gold"}}'],
  ['metrics.care.start: a condition has at most', start(nested(25))],
  ['metrics.care.start: there is no field fact.kind here; use fact.type, ', start('{"op":"eq","field":"fact.kind","value":"x"}')],
  ['metrics.care.start: there is no field status here', start('{"op":"any","of":[{"op":"eq","field":"status","value":"x"}]}')],
  ['metrics.care.start: there is no field item.status here', start('{"op":"eq","field":"item.status","value":"x"}')],
  ['metrics.care.start: there is no field after here', start('{"op":"eq","field":"after","value":"x"}')],
  ['metrics.care.start: there is no field changed. here', start('{"op":"eq","field":"changed.","value":true}')],
  ['metrics.care.start.value: ', start('{"op":"eq","field":"after.status"}')],
  ['metrics.care.start: ', start('[]')],
  ['metrics.care.start.1: ', start('["created",""]')],
  ['metrics.care.start: ', start('7')],
  ['metrics.care.start: ', '{"metrics":{"care":{"stop":"resolved"}}}'],
  // steps
  ['targets.resolution.steps.0.at.percent: ', step('{"at":{"percent":0}}')],
  ['targets.resolution.steps.0.at.percent: ', step('{"at":{"percent":101}}')],
  ['targets.resolution.steps.0.at.percent: ', step('{"at":{"percent":33.3}}')],
  ['targets.resolution.steps.0.at.left: give wall units', step('{"at":{"left":{"hours":1,"workingHours":1}}}')],
  ['targets.resolution.steps.0.at.over: give wall units', step('{"at":{"over":{"hours":-1}}}')],
  ['targets.resolution.steps.0.at: Unrecognized key: "over"', step('{"at":{"over":{"hours":1},"left":{"hours":1}}}')],
  ['targets.resolution.steps.0.at.percent: ', step('{"at":{}}')],
  [
    'targets.resolution.steps.0.repeat.every: takes no time at all',
    step('{"at":{"over":{"hours":1}},"repeat":{"every":{"hours":0},"times":3}}'),
  ],
  ['targets.resolution.steps.0.repeat.times: ', step('{"at":{"over":{"hours":1}},"repeat":{"every":{"hours":1},"times":1000}}')],
  ['targets.resolution.steps.0.id: `over` is the breach itself', step('{"at":{"percent":75},"id":"over"}')],
  ['targets.resolution.steps.0.id: use up to 60 small letters', step('{"at":{"percent":75},"id":"Manager #2"}')],
  ['targets.resolution.steps.0.tell.0', step('{"at":{"percent":75},"tell":[{"onCall":"../etc"}]}')],
  ['targets.resolution: each step once', step('{"at":{"percent":75}},{"at":{"percent":75}}')],
  // limits
  ['targets.resolution.within: ', within('{"hours":1e300}')],
  ['targets.resolution.within: name at least one value', within('{"by":"priority","of":{}}')],
  ['targets.resolution.within: give all limits in working time', within('{"by":"priority","of":{"a":{"hours":1},"b":{"workingHours":1}}}')],
  ['targets.resolution.within.of.a: give wall units', within('{"by":"priority","of":{"a":{"hours":-1}}}')],
  ['targets.resolution.within.date: ', within('{"date":""}')],
  ['targets.resolution.within.workingDay.by: use HH:MM', within('{"workingDay":{"days":1,"by":"25:00"}}')],
  ['targets.resolution.within.workingDay.days: ', within('{"workingDay":{"days":400}}')],
  ['targets: promise at least one metric', '{"targets":{}}'],
  // the rest
  ['agreement: name an agreement like sla, ola or uc', '{"agreement":"SLA 1"}'],
  ['onChange.elapsed: ', '{"onChange":{"elapsed":"forget"}}'],
  ['replies.by.0: ', '{"replies":{"by":["customer"]}}'],
  ['order: ', '{"order":-1}'],
])('refused: %s', (expected, fault) => {
  expect(() => defined(fault)).toThrow(expect.objectContaining({ code: 'core/invalid-input', message: expect.stringContaining(expected) }))
})

test('a policy that was defined elsewhere is looked at again when it is published, and nothing is written', async () => {
  const storage = memoryStorage()
  const sla = createSla({ storage }).for({ tenant: 'acme', by: { type: 'user', id: 'u_1' } })
  const sound = defined('{}')
  const spoilt = { ...sound, body: { ...sound.body, when: JSON.parse(nested(20_000)) } }
  expect(await attempt(() => sla.publish({ definition: spoilt }))).toMatchObject({ ok: false, error: { code: 'core/invalid-input' } })
  const [head] = await storage.read('acme', [{ read: 'head', kind: 'definition', subject: 'sla-policy/p' }])
  expect(head).toMatchObject({ version: 0 })
})

test('words that look dangerous but are only words do no harm', () => {
  const policy = defineSlaPolicy({
    id: 'p',
    agreement: 'constructor',
    calendar: 'office',
    when: field('constructor.prototype').eq('x'),
    targets: { constructor: { within: { by: 'priority', of: { constructor: { hours: 1 }, toString: { hours: 2 } } } } },
    metrics: { constructor: { start: 'created' } },
  })
  expect(Object.keys(policy.body.targets)).toEqual(['constructor'])
})
