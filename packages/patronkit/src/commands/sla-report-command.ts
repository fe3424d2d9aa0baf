import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Locale } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { reportPage } from '../report/html.ts'
import { reportTable } from '../report/table.ts'
import type { Definitions } from './definitions.ts'
import { fileProgress } from './progress.ts'
import { rejectedFile } from './rejected.ts'
import { reportFrom, writeWhole } from './sla-report.ts'
import { SAYS } from './words.ts'

export interface SlaReportCommand {
  readonly log: string
  readonly definitions: Definitions
  readonly db: string
  readonly html: string
  readonly tenant: string
  readonly locale: Locale
}

/** `patronkit sla report`: a log in, a table on the screen, a page on the disk. */
export async function slaReportCommand(i: SlaReportCommand, print: (line: string) => void): Promise<void> {
  const says = SAYS[i.locale]
  for (const file of [i.db, i.html]) mkdirSync(dirname(resolve(file)), { recursive: true })
  const storage = sqliteStorage({ file: i.db })
  const rejected = rejectedFile(`${i.html.replace(/\.html?$/, '')}.rejected.csv`)
  const progress = fileProgress(i.log, says.reading)
  try {
    const report = await reportFrom({ ...i, storage, onBytes: progress.at, onRefused: rejected.add })
    progress.done()
    const refusedIn = rejected.close()
    writeWhole(i.html, reportPage({ report, locale: i.locale }))
    print('')
    print(reportTable({ report, locale: i.locale }))
    print(says.rows(report.rowsRead, report.rowsUsed, report.rowsRefused))
    if (refusedIn) print(says.refused(refusedIn))
    print(says.page(pathToFileURL(resolve(i.html)).href))
  } finally {
    progress.done()
    rejected.close()
    await storage.close()
  }
}
