import { checkDefinitions } from '../src/commands/definitions.ts'
import { rulesOfHelpdesk } from './helpdesk.ts'

const ENDS = ['resolved', 'closed']
const waiting = { op: 'eq', field: 'status', value: 'waiting' }

/** Four service levels with a ladder, an agreement of every workgroup and one of everybody who had the ticket in hand. */
export function levels() {
  const { mapping, calendar } = rulesOfHelpdesk() as { mapping: { attributes: object }; calendar: unknown }
  const byLevel = (hours: readonly number[]) => ({
    by: 'service_level',
    of: Object.fromEntries(hours.map((workingHours, n) => [`Value ${n + 1}`, { workingHours }])),
  })
  const desk = {
    id: 'desk',
    calendar: 'helpdesk-hours',
    catchUp: 'all',
    pauseWhile: waiting,
    metrics: {
      'time-to-own': { start: '*', stop: ['assigned', ...ENDS] },
      resolution: { start: '*', stop: ENDS, reopen: 'assigned' },
    },
    targets: {
      'time-to-own': { within: byLevel([4, 8, 16, 24]), warnAt: [{ percent: 50 }] },
      resolution: {
        within: byLevel([90, 180, 270, 360]),
        warnAt: [{ percent: 75 }],
        steps: [
          { at: { percent: 90 }, tell: ['assignee'] },
          { at: { left: { hours: 24 } } },
          { at: { left: { workingHours: 4 } } },
          { at: { over: { workingHours: 9 } }, id: 'lead', repeat: { every: { workingHours: 18 }, times: 2 }, tell: ['lead'] },
          { at: { over: { days: 1 } }, repeat: { every: { days: 7 }, times: 1 }, tell: ['head'] },
        ],
      },
    },
  }
  const ola = {
    id: 'workgroups',
    agreement: 'ola',
    per: 'workgroup',
    calendar: 'helpdesk-hours',
    catchUp: 'all',
    pauseWhile: waiting,
    metrics: { ownership: { start: '*', stop: ENDS, reopen: 'assigned' } },
    targets: {
      ownership: {
        within: {
          by: 'workgroup',
          of: { 'Value 1': { workingHours: 120 }, 'Value 2': { workingHours: 60 }, 'Value 3': { workingHours: 40 } },
          otherwise: { workingHours: 20 },
        },
        warnAt: [{ percent: 80 }],
        steps: [{ at: { over: { workingHours: 2 } } }],
      },
    },
  }
  const hands = {
    id: 'hands',
    agreement: 'hands',
    per: 'resource',
    calendar: 'helpdesk-hours',
    catchUp: 'all',
    pauseWhile: waiting,
    metrics: { holding: { start: '*', stop: ENDS, reopen: 'assigned' } },
    targets: { holding: { within: { workingHours: 18 }, steps: [{ at: { percent: 100 } }, { at: { over: { hours: 1 } } }] } },
  }
  const ofRows = { ...mapping, attributes: { ...mapping.attributes, resource: 'Resource' } }
  return checkDefinitions({ mapping: ofRows, policy: [desk, ola, hands], calendar })
}
