import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { PatronkitError } from '@patronkit/core'
import { parse } from 'csv-parse'
import type { RefusedRow } from '../log/read-log.ts'
import type { Transaction } from './model.ts'

/** Which columns are which: by name, or by number where the file has no header. Left out, they are known by their usual names. */
export interface TransactionColumns {
  readonly customer?: string | undefined
  readonly date?: string | undefined
  readonly amount?: string | undefined
}

const USUAL = {
  customer: ['customer', 'customerid', 'customercode', 'client', 'clientid', 'userid', 'memberid', 'account', '客户', '客户编号', '会员号'],
  date: ['date', 'orderdate', 'transactiondate', 'purchasedate', 'invoicedate', 'day', '日期', '下单日期', '交易日期'],
  amount: ['amount', 'revenue', 'dollarvalue', 'value', 'total', 'price', 'sales', 'spend', '金额', '交易金额', '实付金额'],
} as const
type Part = keyof typeof USUAL
const PARTS = Object.keys(USUAL) as Part[]

type Places = { readonly [P in Part]: number }

/** Streams a table of purchases: parted by commas, semicolons, tabs or blanks. Lines count from 1. */
export async function* readTransactions(i: {
  readonly file: string
  readonly columns: TransactionColumns
  readonly onBytes: (bytes: number) => void
}): AsyncIterable<{ readonly used: Transaction } | { readonly refused: RefusedRow }> {
  const { file } = i
  const delimiter = delimiterOf(file)
  const waiting: RefusedRow[] = []
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: 1_000_000,
    on_skip: (error, raw) =>
      void waiting.push({
        line: Number(error?.lines ?? 0),
        reason: `not a row of this table: ${error?.message ?? ''}`,
        raw: raw?.trimEnd() ?? '',
      }),
  })
  let bytes = 0
  const source = createReadStream(file)
  source.on('data', (chunk) => {
    bytes += chunk.length
    i.onBytes(bytes)
  })
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let places = numbered(i.columns)
  for await (const found of parser) {
    const { record, raw, info } = found as { record: string[]; raw: string; info: { lines: number } }
    for (const refused of waiting.splice(0)) yield { refused }
    // several blanks part two cells as one does
    const cells = delimiter === ' ' ? record.filter((cell) => cell !== '') : record
    if (!places) {
      places = named(cells, i.columns, file)
      continue
    }
    const row = rowOf(cells, places)
    yield typeof row === 'string' ? { refused: { line: info.lines, reason: row, raw: raw.trimEnd() } } : { used: row }
  }
  for (const refused of waiting) yield { refused }
}

function delimiterOf(file: string): string {
  const head = Buffer.alloc(65_536)
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (cause) {
    throw new PatronkitError({ code: 'cli/bad-file', message: `${file} cannot be read. Correct the path.`, details: { file }, cause })
  }
  const text = head.toString('utf8', 0, readSync(descriptor, head))
  closeSync(descriptor)
  const [first = ''] = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  return [',', ';', '\t'].find((sign) => first.includes(sign)) ?? ' '
}

/** Columns by number, counted from 1: there is no header then. */
function numbered(columns: TransactionColumns): Places | null {
  const numbers = PARTS.map((part) => (/^[1-9]\d{0,3}$/.test(columns[part] ?? '') ? Number(columns[part]) - 1 : -1))
  if (numbers.some((place) => place < 0)) return null
  const [customer, date, amount] = numbers as [number, number, number]
  return { customer, date, amount }
}

function named(header: readonly string[], columns: TransactionColumns, file: string): Places {
  const plain = header.map((name) => name.toLowerCase().replace(/[\s_.-]/g, ''))
  const place = (part: Part): number => {
    const given = columns[part]
    if (given !== undefined) return header.indexOf(given)
    return plain.findIndex((name) => (USUAL[part] as readonly string[]).includes(name))
  }
  const places = { customer: place('customer'), date: place('date'), amount: place('amount') }
  const missing = PARTS.filter((part) => places[part] < 0)
  if (missing.length === 0) return places
  throw new PatronkitError({
    code: 'cli/missing-column',
    message: `${file} has no column for ${missing.join(', ')}. Its header has: ${header.slice(0, 20).join(', ')}. Say which with ${missing.map((part) => `--${part} NAME`).join(' ')}, or number all three where there is no header.`,
    details: { missing },
  })
}

function rowOf(cells: readonly string[], { customer, date, amount }: Places): Transaction | string {
  const who = cells[customer]?.trim() ?? ''
  if (who === '') return 'no customer'
  if (who.length > 200) return 'the customer is longer than 200 characters'
  const day = dayOf(cells[date]?.trim() ?? '')
  if (day === null) return `${JSON.stringify(cells[date] ?? '')} is not a day such as 2026-03-31 or 20260331`
  const worth = cells[amount]?.trim() ?? ''
  if (!/^-?\d{1,15}(\.\d{1,8})?$/.test(worth)) return `${JSON.stringify(worth)} is not an amount such as 21.90`
  if (worth.startsWith('-')) return `${worth} is below 0, and refunds are no purchases`
  return { customer: who, date: day, amount: worth }
}

function dayOf(text: string): Transaction['date'] | null {
  const match = /^(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ].*)?$/.exec(text)
  if (!match) return null
  const day = `${match[1]}-${match[3]}-${match[4]}`
  const date = new Date(`${day}T00:00:00Z`)
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day ? null : (day as Transaction['date'])
}
