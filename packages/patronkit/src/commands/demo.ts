import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Locale } from '@patronkit/core'
import calendar from '../demo/calendar.json' with { type: 'json' }
import mapping from '../demo/mapping.json' with { type: 'json' }
import policy from '../demo/policy.json' with { type: 'json' }
import { logCsv, simulateLog } from '../simulate/index.ts'
import { checkDefinitions } from './definitions.ts'
import { slaReportCommand } from './sla-report-command.ts'

/** `patronkit demo`: writes a made-up help desk's log and its rules into a folder, and reports on it. */
export async function demoCommand(i: { readonly folder: string; readonly locale: Locale }, print: (line: string) => void): Promise<void> {
  mkdirSync(i.folder, { recursive: true })
  const definitions = { mapping, policy, calendar }
  for (const [name, data] of Object.entries(definitions))
    writeFileSync(join(i.folder, `${name}.json`), `${JSON.stringify(data, null, 2)}\n`)
  const log = join(i.folder, 'helpdesk.csv')
  const file = openSync(log, 'w')
  for (const text of logCsv(simulateLog({ seed: 7 }))) writeSync(file, text)
  closeSync(file)
  await slaReportCommand(
    {
      log,
      definitions: checkDefinitions(definitions),
      db: join(i.folder, 'patronkit.db'),
      html: join(i.folder, 'report.html'),
      tenant: 'demo',
      locale: i.locale,
    },
    print,
  )
}
