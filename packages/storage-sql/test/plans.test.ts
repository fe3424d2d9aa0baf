import { DatabaseSync } from 'node:sqlite'
import { all, eventsOf, field, get, headOf, list, type Session } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { expect, test } from 'vitest'
import { accounts, migrated, unit } from './sample.ts'

test('every statement finds its rows by an index; only the sequencer walks one, over what is new', async () => {
  const db = new DatabaseSync(':memory:')
  const inner = fromNodeSqlite(db)
  const plans = new Map<string, readonly string[]>()
  const explaining: Session = {
    ...inner,
    run: (text, params) => {
      if (/^(select|update|delete|with)/.test(text) && !/pragma_|sqlite_master|_migration"/.test(text)) {
        const rows = db.prepare(`explain query plan ${text}`).all(...params)
        plans.set(
          text,
          rows.map((row) => String(row.detail)),
        )
      }
      return inner.run(text, params)
    },
  }
  const storage = await migrated({ connection: explaining })
  const timers = ['k', 'l', 'm'].map((key) => ({ timer: 'set', queue: 'q', key, dueAt: 1 }) as const)
  const first = unit('a', 1)
  await storage.commit([{ ...first, timers }])
  await storage.commit([unit('a', 2, first.heads[0]!.to)])
  await storage.read('acme', [headOf('test', 'a'), get(accounts, { id: 'a' }), eventsOf('test', 'a', { after: 1, limit: 9 })])
  await storage.read('acme', [list(accounts, { where: all(field('points').gt(0), field('points').lte(9)), order: ['points'], limit: 9 })])
  await storage.read('acme', [list(accounts, { where: field('id').in(['a', 'b', 'c']), limit: 9 })])
  // the first finds more than it may take, and goes by turns
  for (const lease of ['l', 'm']) await storage.claim({ queues: ['q', 'r'], now: 9, limit: 2, leaseMs: 9, lease })
  await storage.nextDue(['q', 'r'])
  const { states } = await storage.feed({ consumer: 'c', now: 1, limit: 9 })
  await storage.advance(0, { ...states[0]!, position: 1 })
  await storage.advance(1, { ...states[0]!, position: 2 })

  expect(plans.size).toBeGreaterThan(8)
  const allowed = /^SCAN (page|w|n|l|all|step|CONSTANT ROW|\(subquery-\d+\)|patronkit_event USING INDEX patronkit_event_new)$/
  for (const [text, plan] of plans) {
    for (const line of plan.filter((one) => one.startsWith('SCAN'))) expect(line, text).toMatch(allowed)
  }
  const feed = [...plans].find(([text]) => text.includes('"position" > '))?.[1]
  expect(feed?.join('\n'), 'the feed reads its events in order').not.toContain('TEMP B-TREE')
  const oldest = [...plans].find(([text]) => text.includes('order by "due_at", "key"'))?.[1]
  expect(oldest?.join('\n'), "a tenant's oldest timers are read in order").toContain('patronkit_timer_turn')
  expect(oldest?.join('\n')).not.toContain('TEMP B-TREE')
  const steps = [...plans].find(([text]) => text.includes('min("tenant")'))?.[1]
  expect(steps?.join('\n'), 'a step from tenant to tenant').toContain('patronkit_timer_turn (lane=? AND tenant>?)')
  const page = [...plans].find(([text]) => text.includes('order by "points" asc'))?.[1]
  expect(page?.join('\n'), 'a list in the order of an index is not sorted').not.toContain('TEMP B-TREE')
})

test('a session keeps at most 500 prepared statements', () => {
  const db = new DatabaseSync(':memory:')
  let prepared = 0
  const counting = {
    prepare: (text: string) => {
      prepared++
      return db.prepare(text)
    },
    exec: () => undefined,
    close: () => undefined,
  }
  const session = fromNodeSqlite(counting)
  for (let i = 0; i < 600; i++) session.run(`select '${i}'`, [])
  expect(prepared).toBe(600)
  expect(session.run(`select '599'`, [])).toBe('599')
  expect(prepared, 'the latest is kept').toBe(600)
  expect(session.run(`select '0'`, [])).toBe('0')
  expect(prepared, 'the oldest made room').toBe(601)
})
