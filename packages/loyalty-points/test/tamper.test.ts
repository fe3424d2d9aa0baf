import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { manualClock } from '@patronkit/core'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { createLoyalty, defineProgramme, type Loyalty } from '../src/index.ts'
import { DAY, eur, START } from './histories.ts'
import { check, patience } from './settings.ts'

const stars = defineProgramme({
  id: 'stars',
  currency: 'star',
  earn: [
    { points: 1, per: eur('1.00') },
    { points: 2, per: eur('10.00'), currency: 'tier-point' },
    { points: 5, event: 'visit' },
    { points: 50, streak: { of: 'visit', every: 'day', times: 2 } },
  ],
  limits: [
    { id: 'daily', points: 10_000, each: 'day', over: 'reject' },
    { id: 'weekly', points: 400, each: 'week', over: 'review' },
  ],
  spendLimits: [{ id: 'often', each: 'week', points: 9_000, times: 100 }],
  caps: [{ id: 'monthly', points: 5_000, each: 'month' }],
  campaigns: [
    { id: 'spring', add: 3, budget: { points: 900, money: eur('90.00') }, costPerPoint: eur('0.05') },
    { id: 'summer', add: 2, budget: { points: 500 } },
  ],
  campaignStacking: 'sum',
  rewards: [{ id: 'mug', points: 5, stock: 40 }],
  offers: [{ id: 'letter', points: 4, stock: 50, byCode: true }],
  referral: { referrer: 6, referee: 7 },
  redeem: { points: 100, worth: eur('1.00') },
  expiry: { kind: 'exact', duration: { days: 60 } },
  negative: { policy: 'debt', floor: -500 },
  tiers: {
    currency: 'tier-point',
    tiers: [
      { id: 'basic', from: 0 },
      { id: 'gold', from: 40 },
    ],
    window: { kind: 'rolling', months: 12 },
  },
})

/** Several accounts with something in every table. */
async function ledger(loyalty: Loyalty, clock: ReturnType<typeof manualClock>) {
  await loyalty.publish({ definition: stars })
  const letter = { programme: 'stars', offer: 'letter' }
  await loyalty.issueCodes({ idempotencyKey: 'codes', ...letter, codes: ['A-17', 'A-27', 'A-37', 'A-47', 'A-57'] })
  await loyalty.issueCodes({ idempotencyKey: 'more', ...letter, codes: ['B-17', 'B-27'] })
  await loyalty.issueCodes({ idempotencyKey: 'other', ...letter, offer: 'later', codes: ['C-17', 'C-27'] })
  for (const account of ['c_1', 'c_2', 'c_3', 'c_4']) {
    const on = { account, programme: 'stars' }
    const order = (id: string, total: string) => ({ id: `${account}/${id}`, total: eur(total) })
    const key = (of: string) => ({ idempotencyKey: `${account}/${of}` })
    await loyalty.earn({ ...key('o1'), ...on, order: order('o1', '300.00') })
    clock.advance({ days: 1 })
    await loyalty.earn({ ...key('v1'), ...on, event: { type: 'visit' } })
    await loyalty.hold({ ...key('h1'), ...on, points: 60, for: { hours: 1 }, order: order('h1', '40.00') })
    await loyalty.capture({ ...key('h1'), hold: `hold/${account}/h1`, points: 40 })
    await loyalty.hold({ ...key('h2'), ...on, points: 20, for: { days: 9 }, order: order('h2', '40.00') })
    await loyalty.redeem({ ...key('s1'), ...on, points: 30 })
    await loyalty.reverse({ ...key('s1'), posting: `redeem/${account}/s1`, points: 10 })
    await loyalty.refund({ ...key('r1'), order: `${account}/o1`, amount: eur('100.00') })
    await loyalty.earn({ ...key('o5'), ...on, order: order('o5', '200.00') })
    await loyalty.adjust({ ...key('a1'), ...on, points: 15, reason: 'sorry', expiresAt: START + 20 * DAY })
    await loyalty.claim({ ...key('l1'), ...on, offer: 'letter', code: `A-${account.slice(2)}7` })
    await loyalty.redeem({ ...key('mug'), ...on, reward: 'mug' })
    await loyalty.redeem({ ...key('back'), ...on, reward: 'mug' })
    await loyalty.reverse({ ...key('back'), posting: `redeem/${account}/back` })
  }
  for (const referee of ['c_2', 'c_3']) await loyalty.refer({ idempotencyKey: referee, programme: 'stars', referrer: 'c_1', referee })
  await loyalty.merge({ idempotencyKey: 'm', programme: 'stars', from: await freed(loyalty, 'c_4'), into: 'c_3' })
  await loyalty.closeStatement({ idempotencyKey: 'st', account: 'c_1', programme: 'stars', from: START, to: START + DAY })
  return loyalty.anchor({ idempotencyKey: 'root' })
}

async function freed(loyalty: Loyalty, account: string): Promise<string> {
  await loyalty.release({ idempotencyKey: `${account}/h2`, hold: `hold/${account}/h2` })
  return account
}

/** What no one account has. */
const SHARED = ['budget', 'stock', 'code', 'code_use', 'referral']

const TABLES = [
  'account',
  'lot',
  'hold',
  'posting',
  'entry',
  'spend',
  'order',
  'merge',
  'review',
  'counter',
  'movement',
  'statement',
  'leaf',
  'anchor',
  ...SHARED,
].map((name) => `patronkit_loyalty_${name}`)
const CORE = ['patronkit_event', 'patronkit_head']

/** Scheduling, and where an event stands in the feed: neither is part of the ledger. */
const LEFT_OUT = new Set(['timer_at', 'lane', 'position', 'tenant', 'causation', 'correlation'])

type Row = Record<string, SQLInputValue>

const BOOLEAN = new Set(['frozen', 'open'])

const another = (column: string, value: SQLInputValue, n: number): SQLInputValue => {
  if (BOOLEAN.has(column)) return 1 - Number(value)
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) + 1 + (n % 1_000)
  if (value === null) return 'x'
  const text = String(value)
  const at = n % Math.max(1, text.length)
  const swapped = text[at] === '7' ? '8' : '7'
  return text.slice(0, at) + swapped + text.slice(at + 1)
}

test('any change to what is stored is found against the anchored root, with the account it hit', { timeout: patience * 20 }, async () => {
  const db = new DatabaseSync(':memory:')
  const clock = manualClock(START)
  const storage = sqliteStorage({ connection: fromNodeSqlite(db) })
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  const empty = service.for({ tenant: 'empty', by: { type: 'system', id: 'test' } })
  const { id, root } = await ledger(loyalty, clock)
  const anchor = { id, root }
  expect(await loyalty.verify({ anchor })).toMatchObject({ accounts: 4, broken: null })
  expect(await empty.verify({})).toMatchObject({ accounts: 0, broken: null })

  const where = (row: Row) => Object.keys(row).map((column) => `"${column}" is ?`)
  const rowsOf = (table: string) => db.prepare(`select * from "${table}" where tenant = 'shop'`).all() as Row[]
  const insert = (table: string, row: Row) =>
    db
      .prepare(`insert into "${table}" (${Object.keys(row).map((c) => `"${c}"`)}) values (${Object.keys(row).map(() => '?')})`)
      .run(...Object.values(row))
  const remove = (table: string, row: Row) =>
    db.prepare(`delete from "${table}" where ${where(row).join(' and ')}`).run(...Object.values(row))

  const HOW = ['change', 'change', 'change', 'delete', 'insert', 'swap', 'copy', 'cut', 'remove account'] as const
  const tamper = fc.record({ how: fc.constantFrom(...HOW), table: fc.nat(), row: fc.nat(), column: fc.nat(), n: fc.nat() })

  /** Does it, and says which tenant and account it hit; null where there was nothing to do it to. */
  function hit(i: {
    how: (typeof HOW)[number]
    table: number
    row: number
    column: number
    n: number
  }): { tenant: string; account: string | null; what?: string } | null {
    const tables = [...TABLES, ...CORE]
    const table = i.how === 'cut' ? CORE[0]! : tables[i.table % tables.length]!
    const ofLoyalty = (row: Row) => !('kind' in row) || row.kind === 'loyalty-account' || row.kind === 'loyalty-codes'
    const rows = rowsOf(table).filter(ofLoyalty)
    const row = rows[i.row % Math.max(1, rows.length)]
    if (!row) return null
    const ofAnchor = table.endsWith('leaf') || table.endsWith('anchor')
    const isOfOne = !ofAnchor && !SHARED.some((name) => table.endsWith(name)) && row.kind !== 'loyalty-codes'
    const account = isOfOne ? ((row.account ?? String(row.subject).slice(6)) as string) : null
    const columns = Object.keys(row).filter((column) => !LEFT_OUT.has(column) && !(table === CORE[1] && column === 'version'))
    switch (i.how) {
      case 'change': {
        const column = columns[i.column % columns.length]!
        const value = another(column, row[column]!, i.n)
        try {
          db.prepare(`update "${table}" set "${column}" = ? where ${where(row).join(' and ')}`).run(value, ...Object.values(row))
        } catch {
          // another row has this key already, or the column cannot hold it
          return null
        }
        return {
          tenant: 'shop',
          what: `${table} ${column} of ${JSON.stringify(row)}`,
          account: column === 'account' || column === 'programme' || column === 'subject' || column === 'kind' ? null : account,
        }
      }
      case 'delete':
        remove(table, row)
        return { tenant: 'shop', account }
      case 'insert': {
        const key = columns.find((column) =>
          [
            'lot',
            'hold',
            'posting',
            'no',
            'spend',
            'order_id',
            'merge',
            'name',
            'seq',
            'to_at',
            'campaign',
            'item',
            'code',
            'referee',
          ].includes(column),
        )
        if (!key) return null
        insert(table, { ...row, [key]: typeof row[key] === 'number' ? Number(row[key]) + 100_000 : `${row[key]}-more` })
        return { tenant: 'shop', account }
      }
      case 'swap': {
        const mate = rows[(i.row + 1) % rows.length]!
        const column = columns.filter((name) => !['programme'].includes(name))[i.column % columns.length]!
        if (column === undefined || mate[column] === row[column]) return null
        try {
          db.prepare(`update "${table}" set "${column}" = ? where ${where(row).join(' and ')}`).run(mate[column]!, ...Object.values(row))
        } catch {
          return null
        }
        return { tenant: 'shop', account: null }
      }
      case 'copy':
        // an event alone says nothing to a tenant that has no account
        if (table === CORE[0]) return null
        insert(table, { ...row, tenant: 'empty' })
        return table.endsWith('leaf') || table.endsWith('anchor') ? null : { tenant: 'empty', account }
      case 'cut': {
        // the tail of a chain, with a head that fits to what is left
        const mine = rows.filter((one) => one.subject === row.subject).sort((a, b) => Number(a.seq) - Number(b.seq))
        if (mine.length < 2) return null
        const last = mine.at(-2)!
        remove(table, mine.at(-1)!)
        db.prepare(`update "patronkit_head" set seq = ?, chain = ? where tenant = 'shop' and kind = ? and subject = ?`).run(
          last.seq!,
          last.hash!,
          row.kind!,
          row.subject!,
        )
        return { tenant: 'shop', account }
      }
      case 'remove account': {
        if (account === null || !('account' in row)) return null
        for (const name of TABLES) {
          if ('account' in (rowsOf(name)[0] ?? {})) db.prepare(`delete from "${name}" where tenant = 'shop' and account = ?`).run(account)
        }
        for (const name of CORE) db.prepare(`delete from "${name}" where tenant = 'shop' and subject = ?`).run(`stars/${account}`)
        return { tenant: 'shop', account }
      }
    }
  }

  let done = 0
  const wanted = process.env.PATRONKIT_DEEP ? 10_000 : 500
  const kinds = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(tamper, async (i) => {
      if (done >= wanted) return
      db.exec('savepoint tampering')
      try {
        let at: ReturnType<typeof hit>
        try {
          at = hit(i)
        } catch {
          at = null
        }
        if (!at) return
        done++
        kinds.set(i.how, (kinds.get(i.how) ?? 0) + 1)
        const { broken } = at.tenant === 'shop' ? await loyalty.verify({ anchor }) : await empty.verify({})
        expect(broken, `${i.how}: it is found, ${at.what ?? ''}`).not.toBe(null)
        if (at.account !== null) expect(broken!.account).toBe(at.account)
      } finally {
        db.exec('rollback to tampering')
        db.exec('release tampering')
      }
    }),
    { ...check, numRuns: wanted * 3 },
  )
  expect(done).toBeGreaterThan(wanted / 2)
  expect(kinds.size).toBe(new Set(HOW).size)
  figure('random tampers with the stored ledger, all found with their account', done, 'tampers')
})
