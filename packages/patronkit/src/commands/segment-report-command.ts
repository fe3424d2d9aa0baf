import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Locale, PatronkitError } from '@patronkit/core'
import type { Transaction } from '../segment-report/model.ts'
import { segmentPage } from '../segment-report/page.ts'
import { readTransactions, type TransactionColumns } from '../segment-report/read-transactions.ts'
import { segmentReport } from '../segment-report/segment-report.ts'
import { fileProgress, type Progress, progressOf } from './progress.ts'
import { rejectedFile } from './rejected.ts'
import { writeWhole } from './sla-report.ts'
import { SAYS } from './words.ts'

/** The horizon of values, and what a month costs them. */
const MONTHS = 12
const DISCOUNT_RATE = 0.01

/** `patronkit segment report TRANSACTIONS.csv`: who customers are, what they are worth, and where they go. */
export async function segmentReportCommand(
  i: {
    readonly file: string
    readonly columns: TransactionColumns
    readonly html: string
    readonly json?: string | undefined
    readonly locale: Locale
  },
  print: (line: string) => void,
): Promise<void> {
  const says = SAYS[i.locale]
  const transactions: Transaction[] = []
  let refused = 0
  const bars: Progress[] = []
  for (const file of [i.html, i.json]) if (file) mkdirSync(dirname(resolve(file)), { recursive: true })
  const rejected = rejectedFile(`${i.html.replace(/\.html?$/, '')}.rejected.csv`)
  try {
    const onBytes = (bytes: number) => {
      if (bars.length === 0) bars.push(fileProgress(i.file, says.reading))
      bars[0]!.at(bytes)
    }
    for await (const row of readTransactions({ file: i.file, columns: i.columns, onBytes })) {
      if ('used' in row) transactions.push(row.used)
      else {
        refused++
        rejected.add(row.refused)
      }
    }
    bars[0]?.done()
    const rowsRead = transactions.length + refused
    if (transactions.length === 0) throw nothingUsed(i.file, rowsRead)
    const valuing = progressOf(new Set(transactions.map(({ customer }) => customer)).size, says.valuing)
    bars.push(valuing)
    const report = segmentReport({
      transactions,
      rowsRead,
      rowsRefused: refused,
      months: MONTHS,
      discountRate: DISCOUNT_RATE,
      onValued: valuing.at,
    })
    valuing.done()
    const refusedIn = rejected.close()
    print(says.rows(rowsRead, transactions.length, refused))
    if (refusedIn) print(says.refused(refusedIn))
    writeWhole(i.html, segmentPage({ report, locale: i.locale }))
    if (i.json) writeWhole(i.json, `${JSON.stringify(report, null, 2)}\n`)
    print(says.page(pathToFileURL(resolve(i.html)).href))
  } finally {
    for (const bar of bars) bar.done()
    rejected.close()
  }
}

const nothingUsed = (file: string, rowsRead: number) =>
  new PatronkitError({
    code: 'cli/no-rows',
    message: `${file} has no row that can be used (${rowsRead} read and refused). See the rejected rows for the reasons.`,
    details: { rowsRead, rowsRefused: rowsRead },
  })
