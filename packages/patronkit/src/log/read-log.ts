import { createReadStream } from 'node:fs'
import { PatronkitError } from '@patronkit/core'
import { canonicalJson, sha256Hex } from '@patronkit/core/service'
import type { Fact, ItemRef } from '@patronkit/sla-engine'
import { type CsvError, parse } from 'csv-parse'
import { instantReader } from './instants.ts'
import { columnsOf, type Mapping } from './mapping.ts'

/** A row that can be used: a fact about an item. */
export interface UsedRow {
  readonly line: number
  readonly item: ItemRef
  readonly fact: Fact & { readonly at: number }
  /** Who did it; null where the log does not say. */
  readonly by: string | null
}

/** A row that cannot, and why. */
export interface RefusedRow {
  readonly line: number
  readonly reason: string
  readonly raw: string
}

export type LogRow = { readonly used: UsedRow } | { readonly refused: RefusedRow }

type Columns = { readonly [column: string]: string }

/** Streams a CSV log. `onBytes` hears how far the file has been read. Lines count from 1, the header being line 1. */
export async function* readLog(file: string, mapping: Mapping, onBytes: (bytes: number) => void): AsyncIterable<LogRow> {
  const waiting: RefusedRow[] = []
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkedHeader(header, mapping, file),
    info: true,
    raw: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: 1_000_000,
    on_skip: (error, raw) => void waiting.push(unreadable(error, raw)),
  })
  let bytes = 0
  const source = createReadStream(file)
  source.on('data', (chunk) => {
    bytes += chunk.length
    onBytes(bytes)
  })
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)

  const read = rowReader(mapping)
  for await (const found of parser) {
    const { record, raw, info } = found as { record: Columns; raw: string; info: { lines: number } }
    yield* refusals(waiting, info.lines)
    const row = read(record, info.lines)
    yield typeof row === 'string' ? { refused: { line: info.lines, reason: row, raw: raw.trimEnd() } } : { used: row }
  }
  yield* refusals(waiting, Number.POSITIVE_INFINITY)
}

/** The parser reads ahead: what it skipped waits for its place among the lines. */
function* refusals(waiting: RefusedRow[], before: number): Iterable<LogRow> {
  while (waiting[0] && waiting[0].line < before) yield { refused: waiting.shift()! }
}

const unreadable = (error: CsvError | undefined, raw: string | undefined): RefusedRow => ({
  line: Number(error?.lines ?? 0),
  reason: `not a row of this CSV: ${error?.message ?? 'unreadable'}`,
  raw: raw?.trimEnd() ?? '',
})

/** A file without a column that the mapping names is refused as a whole: no row of it could be used. */
function checkedHeader(header: readonly string[], mapping: Mapping, file: string): string[] {
  const missing = columnsOf(mapping).filter((column) => !header.includes(column))
  if (missing.length === 0) return [...header]
  throw new PatronkitError({
    code: 'cli/missing-column',
    message: `${file} has no column ${missing.map((column) => `"${column}"`).join(', ')}. Its header has: ${header.join(', ')}. Correct the mapping or export the column.`,
    details: { missing },
  })
}

/** Turns a row into a fact, or says why it cannot be one. */
function rowReader(mapping: Mapping): (row: Columns, line: number) => UsedRow | string {
  const readInstant = instantReader(mapping.at)
  return (row, line) => {
    const id = row[mapping.item.id]?.trim()
    if (!id) return `"${mapping.item.id}" is empty`
    if (id.length > 200) return `"${mapping.item.id}" is longer than 200 characters`
    const activity = row[mapping.activity]?.trim() ?? ''
    if (!Object.hasOwn(mapping.facts, activity)) return `unknown activity ${JSON.stringify(activity)}`
    const text = row[mapping.at.column]?.trim() ?? ''
    const at = readInstant(text)
    if (at === undefined) return `${JSON.stringify(text)} is not a date of the form ${mapping.at.format}`
    const { type, attributes } = mapping.facts[activity]!
    const own = Object.entries(mapping.attributes).map(([attribute, column]) => [attribute, row[column] ?? ''])
    return {
      line,
      item: { type: mapping.item.type, id },
      by: (mapping.by === undefined ? undefined : row[mapping.by]?.trim()) || null,
      fact: { id: factId(row), type, at, attributes: { ...Object.fromEntries(own), ...attributes } },
    }
  }
}

/** The row itself is its id: the same row read again, in this run or another, is the same fact. */
const factId = (row: Columns): string => sha256Hex(canonicalJson(row)).slice(0, 32)
