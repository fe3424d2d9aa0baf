import { renameSync, writeFileSync } from 'node:fs'
import { type Actor, type Deps, PatronkitError } from '@patronkit/core'
import type { Sla } from '@patronkit/sla-engine'
import { createPatronkit, type Kit } from '../kit.ts'
import { type Imported, importLog } from '../log/import-log.ts'
import type { RefusedRow } from '../log/read-log.ts'
import { slaFigures } from '../report/figures.ts'
import type { Report } from '../report/model.ts'
import { processFigures } from '../report/process.ts'
import type { Definitions } from './definitions.ts'

/** A log on its way through the SLA engine to a report. */
export interface ReportJob extends Deps {
  readonly log: string
  readonly definitions: Definitions
  readonly tenant: string
  readonly onBytes?: (bytes: number) => void
  readonly onRefused?: (row: RefusedRow) => void
}

const BY: Actor = { type: 'system', id: 'patronkit.sla-report' }

/** Publishes the rules, imports the log, lets time pass, and counts. Run again on the same log it changes nothing. */
export async function reportFrom(job: ReportJob): Promise<Report> {
  const { mapping, policies, calendar } = job.definitions
  const kit = createPatronkit(job)
  const { sla } = kit.for({ tenant: job.tenant, by: BY })
  await kit.schema.migrate()
  const versions = await publish(sla, job.definitions)
  const { onBytes = () => undefined, onRefused = () => undefined } = job
  const process = processFigures(calendar)
  const imported = await importLog({ file: job.log, mapping, sla, onBytes, onRefused, onUsed: process.add })
  if (imported.to === null) throw nothingUsed(job.log, imported)
  await passTime(kit)
  return slaFigures({
    sla,
    type: mapping.item.type,
    asOf: imported.to,
    zone: calendar.body.zone,
    level: mapping.level,
    metrics: [...new Set(policies.flatMap((policy) => Object.keys(policy.body.targets)))],
    policies: versions,
    process: process.report(),
    rows: imported,
  })
}

/** A log is about the past, so its rules are in force from the start of time. */
async function publish(sla: Sla, { policies, calendar }: Definitions): Promise<readonly string[]> {
  const effectiveFrom = 0
  await sla.publish({ definition: calendar, effectiveFrom })
  const versions: string[] = []
  for (const definition of policies) {
    const { id, version } = await sla.publish({ definition, effectiveFrom })
    versions.push(`${id} v${version}`)
  }
  return versions
}

/** Fires the steps that open tickets have reached since. */
async function passTime(kit: Kit): Promise<void> {
  while ((await kit.tick({ limit: 1_000 })).more);
}

/** Writes beside the file and then puts it in place, so that nobody ever reads half a page. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text)
  renameSync(`${file}.tmp`, file)
}

const nothingUsed = (log: string, imported: Imported) =>
  new PatronkitError({
    code: 'cli/no-rows',
    message: `${log} has no row that can be used (${imported.rowsRead} read, ${imported.rowsRefused} refused). See the rejected rows for the reasons.`,
    details: { rowsRead: imported.rowsRead, rowsRefused: imported.rowsRefused },
  })
