import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { laneOf, type Row, type StoredEvent, type Table, type Unit } from '@patronkit/core/storage'

/** A statement of the raw engine with its parameters, made before the clock starts. */
export interface RawStatement {
  readonly statement: StatementSync
  readonly params: readonly (string | number | null)[]
}

/** The rows of units written by hand: prepared once, native parameters, no checks, one statement a row. */
export function rawWriter(db: DatabaseSync) {
  const prepared = new Map<string, StatementSync>()
  const statement = (text: string): StatementSync => {
    const known = prepared.get(text) ?? db.prepare(text)
    prepared.set(text, known)
    return known
  }
  const insert = (name: string, columns: readonly string[], key: readonly string[] = []): StatementSync => {
    const others = columns.filter((column) => !key.includes(column)).map((column) => `${column} = excluded.${column}`)
    const replacing = key.length === 0 ? '' : ` on conflict (tenant, ${key.join(', ')}) do update set ${others.join(', ')}`
    return statement(`insert into ${name} (tenant, ${columns.join(', ')}) values (?${', ?'.repeat(columns.length)})${replacing}`)
  }
  const put = (unit: Unit, table: Table, row: Row): RawStatement => {
    const columns = Object.keys(table.columns)
    return {
      statement: insert(table.name, columns, table.key),
      params: [unit.tenant, ...columns.map((column) => plain(row[column]))],
    }
  }
  const remove = (unit: Unit, table: Table, key: Row): RawStatement => ({
    statement: statement(`delete from ${table.name} where tenant = ? and ${table.key.map((column) => `${column} = ?`).join(' and ')}`),
    params: [unit.tenant, ...table.key.map((column) => plain(key[column]))],
  })
  const event = (e: StoredEvent): RawStatement => ({
    statement: insert('event', EVENT),
    params: [
      e.tenant,
      ...[e.kind, e.subject, e.seq, e.type, e.v, e.effectiveAt, e.recordedAt, JSON.stringify(e.actor), e.causation, e.correlation],
      ...[e.body, e.salt, e.bodyHash, e.hash, laneOf(e.tenant)],
    ],
  })

  function statementsOf(unit: Unit): readonly RawStatement[] {
    const all: RawStatement[] = unit.heads.map(({ kind, subject, to }) => ({
      statement: insert('head', ['kind', 'subject', 'version', 'last_at', 'seq', 'chain'], ['kind', 'subject']),
      params: [unit.tenant, kind, subject, to.version, to.lastAt, to.seq, to.chain],
    }))
    for (const write of unit.writes) {
      if ('row' in write) all.push(put(unit, write.table, write.row))
      else if (write.write === 'remove') all.push(remove(unit, write.table, write.key))
    }
    for (const one of unit.events) all.push(event(one))
    for (const timer of unit.timers) {
      if (timer.timer === 'set') {
        const params = [unit.tenant, timer.queue, timer.key, laneOf(unit.tenant), timer.dueAt, 1, 0, 0]
        all.push({ statement: insert('timer', TIMER, ['queue', 'key']), params })
      } else
        all.push({
          statement: statement('delete from timer where tenant = ? and queue = ? and key = ?'),
          params: [unit.tenant, timer.queue, timer.key],
        })
    }
    return all
  }

  const begin = db.prepare('begin immediate')
  const end = db.prepare('commit')
  /** Writes what belongs together, a transaction each. */
  function write(commits: readonly (readonly RawStatement[])[]): void {
    for (const statements of commits) {
      begin.run()
      for (const { statement: one, params } of statements) one.run(...params)
      end.run()
    }
  }
  return { statementsOf, write }
}

const EVENT = [
  ...['kind', 'subject', 'seq', 'type', 'v', 'effective_at', 'recorded_at', 'actor', 'causation', 'correlation'],
  ...['body', 'salt', 'body_hash', 'hash', 'lane'],
]
const TIMER = ['queue', 'key', 'lane', 'due_at', 'generation', 'attempts', 'parked']

function plain(value: unknown): string | number | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number)
}
