import { readFileSync } from 'node:fs'
import { type CalendarDefinition, defineCalendar } from '@patronkit/business-time'
import { PatronkitError } from '@patronkit/core'
import { defineSlaPolicy, type SlaPolicy } from '@patronkit/sla-engine'
import { type Mapping, readMapping } from '../log/mapping.ts'

/** What a report is made by: how to read the log, what was promised, and when the desk is open. */
export interface Definitions {
  readonly mapping: Mapping
  readonly policies: readonly SlaPolicy[]
  readonly calendar: CalendarDefinition
}

/** Reads and checks the three files before anything else happens. A mistake is refused with the file and its path inside. */
export function readDefinitions(files: { readonly mapping: string; readonly policy: string; readonly calendar: string }): Definitions {
  return checkDefinitions({ mapping: readJson(files.mapping), policy: readJson(files.policy), calendar: readJson(files.calendar) })
}

/** The same for data that is at hand already. A policy may be one or a list. */
export function checkDefinitions(data: { readonly mapping: unknown; readonly policy: unknown; readonly calendar: unknown }): Definitions {
  const calendar = defineCalendar(asObject(data.calendar, 'calendar') as Parameters<typeof defineCalendar>[0])
  const given = Array.isArray(data.policy) ? data.policy : [data.policy]
  const policies = given.map((policy) => defineSlaPolicy(asObject(policy, 'policy') as Parameters<typeof defineSlaPolicy>[0]))
  for (const policy of policies) {
    if (policy.body.calendar !== calendar.id) throw otherCalendar(policy, calendar.id)
  }
  return { mapping: readMapping(data.mapping), policies, calendar }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const why = error instanceof SyntaxError ? `is not JSON: ${error.message}` : 'cannot be read'
    throw new PatronkitError({
      code: 'cli/bad-file',
      message: `${file} ${why}. Correct the file or the path.`,
      details: { file },
      cause: error,
    })
  }
}

function asObject(value: unknown, what: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new PatronkitError({ code: 'cli/bad-file', message: `the ${what} is not a JSON object. Give { "id": …, … }.`, details: { what } })
}

const otherCalendar = (policy: SlaPolicy, calendar: string) =>
  new PatronkitError({
    code: 'cli/other-calendar',
    message: `policy ${policy.id} counts on calendar "${policy.body.calendar}", but the calendar given is "${calendar}". Make the two ids equal.`,
    details: { policy: policy.id, calendar },
  })
