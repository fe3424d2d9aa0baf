import type { Functions, Suite } from '../runner.ts'

type Core = typeof import('../../packages/core/src/index.ts')
type Time = typeof import('../../packages/business-time/src/index.ts')
type Sla = typeof import('../../packages/sla-engine/src/index.ts')

interface Timeline {
  readonly calendar: { readonly timezone: string; readonly hours: object; readonly holidays?: readonly string[] }
  readonly targets_minutes: { readonly [metric: string]: number }
  readonly reopen: 'resume' | 'keep-running' | 'new-cycle' | 'ignore'
  /** Instants and what happened, in order of arrival. */
  readonly events: readonly (readonly [at: string, what: string])[]
}

const METRICS = ['first_response', 'update', 'solution'] as const
const CREATED = ['created', 'created_paused']
const PAUSE = ['pause', 'created_paused']

/** Closing ends the solution; for the promises of a reply it is a pause, since only a reply fulfils them. */
const RULES = {
  first_response: {
    start: CREATED,
    stop: 'first_response',
    pause: [...PAUSE, 'closed'],
    resume: ['resume', 'reopened'],
    cancel: 'policy_unmatched',
  },
  update: {
    start: 'customer_message',
    stop: 'agent_contact',
    pause: [...PAUSE, 'closed'],
    resume: ['resume', 'reopened'],
    reopen: 'customer_message',
    onReopen: 'new-cycle',
    cancel: 'policy_unmatched',
  },
  solution: { start: CREATED, stop: 'closed', pause: PAUSE, resume: 'resume', reopen: 'reopened', cancel: 'policy_unmatched' },
} as const

function functions(core: Core, time: Time, sla: Sla): Functions {
  async function stateAfter(input: Timeline, events: Timeline['events']) {
    const calendar = time.defineCalendar({
      id: 'case',
      zone: input.calendar.timezone,
      week: input.calendar.hours as Parameters<Time['defineCalendar']>[0]['week'],
      holidays: (input.calendar.holidays ?? []) as `${number}-${number}-${number}`[],
    })
    const targets = Object.entries(input.targets_minutes).map(([metric, minutes]) => [
      metric.replace('_', '-'),
      { within: { workingMinutes: minutes } },
    ])
    const policy = sla.defineSlaPolicy({
      id: 'case',
      calendar: calendar.id,
      targets: Object.fromEntries(targets),
      metrics: Object.fromEntries(METRICS.map((metric) => [metric.replace('_', '-'), RULES[metric]])),
      onReopen: input.reopen,
    })
    const last = Math.max(...events.map(([at]) => Date.parse(at)))
    const service = sla.createSla({ storage: core.memoryStorage(), clock: core.manualClock(last) })
    const desk = service.for({ tenant: 'case', by: { type: 'system', id: 'conformance' } })
    for (const definition of [calendar, policy]) await desk.publish({ definition })
    const facts = events.map(([at, what], i) => ({ id: String(i), type: what, at }))
    return shown(input, (await desk.record({ item: { type: 'case', id: '1' }, facts })).clocks, isClosed(events))
  }
  return {
    timeline: async (input: Timeline) => ({
      ...(await stateAfter(input, input.events)),
      before: input.events.length > 1 ? await stateAfter(input, inTime(input.events).slice(0, -1)) : null,
      after: await stateAfter(input, input.events),
    }),
  }
}

type Clocks = Awaited<ReturnType<ReturnType<ReturnType<Sla['createSla']>['for']>['record']>>['clocks']

function shown(input: Timeline, clocks: Clocks, closed: boolean) {
  const state: { [field: string]: string | number | null } = {}
  const dues: string[] = []
  for (const metric of METRICS) {
    const mine = clocks.filter((clock) => clock.metric === metric.replace('_', '-'))
    const due = mine.at(-1)?.dueAt?.toISOString() ?? null
    if (due) dues.push(due)
    const finished = mine.filter((clock) => clock.stoppedAt !== null || (closed && clock.state !== 'cancelled'))
    const usedMin = finished.length > 0 ? Math.max(...finished.map((clock) => clock.workedMs)) / 60_000 : null
    const target = input.targets_minutes[metric]
    state[`${metric}_due`] = due
    state[`${metric}_in_min`] = usedMin
    state[`${metric}_diff_min`] = usedMin === null || target === undefined ? null : target - usedMin
  }
  return { ...state, next_due: dues.sort()[0] ?? null }
}

const inTime = (events: Timeline['events']): Timeline['events'] => [...events].sort((a, b) => Date.parse(a[0]) - Date.parse(b[0]))

const isClosed = (events: Timeline['events']): boolean =>
  inTime(events).findLast(([, what]) => what === 'closed' || what === 'reopened')?.[1] === 'closed'

export const slaTimelines: Suite = {
  name: 'sla-engine',
  open: async (load) => functions(await load<Core>('core'), await load<Time>('business-time'), await load<Sla>('sla-engine')),
}
