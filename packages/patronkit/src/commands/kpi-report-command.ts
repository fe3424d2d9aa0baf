import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Locale } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { createPatronkit } from '../kit.ts'
import { attainmentPage } from '../kpi-report/attainment-page.ts'
import { attainmentReport } from '../kpi-report/attainment-report.ts'
import { reportCsv } from '../kpi-report/csv.ts'
import { indexPage } from '../kpi-report/index-page.ts'
import { indexReport } from '../kpi-report/index-report.ts'
import type { KpiReport } from '../kpi-report/model.ts'
import { readIndex } from '../kpi-report/read-index.ts'
import type { Definitions } from './definitions.ts'
import { fileProgress } from './progress.ts'
import { rejectedFile } from './rejected.ts'
import { reportFrom, writeWhole } from './sla-report.ts'
import { SAYS } from './words.ts'

/** Where a report goes: a page, and beside it, if they are named, its table and its data. */
export interface KpiOutputs {
  readonly html: string
  readonly csv?: string | undefined
  readonly json?: string | undefined
  readonly locale: Locale
}

/** `patronkit kpi report DATA.csv --meta META.csv`: a composite index out of two tables. */
export function indexReportCommand(
  i: KpiOutputs & { readonly data: string; readonly meta: string; readonly group?: string | undefined },
  print: (line: string) => void,
): void {
  const report = indexReport(readIndex(i))
  written(report, indexPage({ report, locale: i.locale }), i, print)
}

/** `patronkit kpi report LOG.csv --mapping …`: how promises were kept, month by month, as a scorecard with control charts. */
export async function attainmentReportCommand(
  i: KpiOutputs & { readonly log: string; readonly definitions: Definitions; readonly db: string; readonly tenant: string },
  print: (line: string) => void,
): Promise<void> {
  const says = SAYS[i.locale]
  mkdirSync(dirname(resolve(i.db)), { recursive: true })
  const storage = sqliteStorage({ file: i.db })
  const rejected = rejectedFile(`${i.html.replace(/\.html?$/, '')}.rejected.csv`)
  const progress = fileProgress(i.log, says.reading)
  try {
    const counted = await reportFrom({ ...i, storage, onBytes: progress.at, onRefused: rejected.add })
    progress.done()
    const { sla } = createPatronkit({ storage }).for({ tenant: i.tenant, by: { type: 'system', id: 'patronkit.kpi-report' } })
    const { mapping } = i.definitions
    const report = await attainmentReport({
      sla,
      type: mapping.item.type,
      asOf: Date.parse(counted.asOf),
      zone: counted.zone,
      group: counted.levelAttribute,
      metrics: counted.metrics,
    })
    const refusedIn = rejected.close()
    print(says.rows(counted.rowsRead, counted.rowsUsed, counted.rowsRefused))
    if (refusedIn) print(says.refused(refusedIn))
    written(report, attainmentPage({ report, locale: i.locale }), i, print)
  } finally {
    progress.done()
    rejected.close()
    await storage.close()
  }
}

function written(report: KpiReport, page: string, i: KpiOutputs, print: (line: string) => void): void {
  for (const file of [i.html, i.csv, i.json]) if (file) mkdirSync(dirname(resolve(file)), { recursive: true })
  writeWhole(i.html, page)
  if (i.csv) writeWhole(i.csv, reportCsv(report))
  if (i.json) writeWhole(i.json, `${JSON.stringify(report, null, 2)}\n`)
  print(SAYS[i.locale].page(pathToFileURL(resolve(i.html)).href))
}
