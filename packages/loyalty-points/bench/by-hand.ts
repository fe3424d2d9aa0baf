import { hash } from 'node:crypto'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { createLoyalty } from '@patronkit/loyalty-points'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { START } from './programme.ts'

const GOES = START + 396 * 86_400_000
const PROGRAMME = { id: 'stars', version: 1, hash: 'f3439c42ba42402fdf89ba602fe57efe1d8947f2bc31f6cac2c86acefe93766d' }
const ACTOR = '{"id":"bench","type":"system"}'
const SALT = 'b4341f19a60d66d23b918a41f9dfbe46'

const sha = (text: string): string => hash('sha256', text)

/** What stands of an account before a command. */
interface Before {
  readonly version: number
  readonly seq: number
  readonly chain: string
  readonly posted: number
}

/**
 * The same rows by hand, in a copy of the same tables: what a shop would write that knows its one programme. Statements
 * are prepared once, parameters are native, nothing is checked but the key, the head and the balance.
 */
export async function byHand(file: string) {
  const storage = sqliteStorage({ file })
  createLoyalty({ storage })
  await storage.schema.migrate()
  await storage.close()
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 4000')
  const into = (table: string, columns: string) =>
    db.prepare(
      `insert into patronkit_${table} (tenant, ${columns}) values ('shop'${columns
        .split(',')
        .map(() => ', ?')
        .join('')})`,
    )
  const begin = db.prepare('begin immediate')
  const end = db.prepare('commit')
  const keyOf = db.prepare(`select answer from patronkit_command_key where tenant = 'shop' and command = ? and key = ?`)
  const headOf = db.prepare(
    `select version, seq, chain from patronkit_head where tenant = 'shop' and kind = 'loyalty-account' and subject = ?`,
  )
  const accountOf = db.prepare(`select posted from patronkit_loyalty_account where tenant = 'shop' and programme = 'stars' and account = ?`)
  const openLots = db.prepare(
    `select lot, remaining from patronkit_loyalty_lot where tenant = 'shop' and programme = 'stars' and account = ? and open = 1
      order by goes_at, lot`,
  )
  const addHead = into('head', 'kind, subject, version, last_at, seq, chain')
  const moveHead = db.prepare(
    `update patronkit_head set version = ?, last_at = ?, seq = ?, chain = ? where tenant = 'shop' and kind = 'loyalty-account' and subject = ?`,
  )
  const addKey = into('command_key', 'command, key, salt, content, answer, at')
  const addAccount = into(
    'loyalty_account',
    'programme, account, zone, opened_at, as_of, active_at, frozen, merged_into, currency, posted, held, debt, others, settled_from, tier, standing, timer_at',
  )
  const setPosted = db.prepare(
    `update patronkit_loyalty_account set posted = ? where tenant = 'shop' and programme = 'stars' and account = ?`,
  )
  const addTimer = into('timer', 'queue, key, lane, due_at, generation, attempts, parked')
  const addLot = into(
    'loyalty_lot',
    'programme, account, lot, currency, posting, points, remaining, held, expired, earned_at, available_at, goes_at, free_since, open',
  )
  const setLot = db.prepare(
    `update patronkit_loyalty_lot set remaining = ?, open = ? where tenant = 'shop' and programme = 'stars' and account = ? and lot = ?`,
  )
  const addPosting = into('loyalty_posting', 'posting, programme, account, seq')
  const addEntry = into('loyalty_entry', 'programme, account, seq, no, currency, out_of, "into", points, at, recorded_at')
  const addOrder = into('loyalty_order', 'order_id, programme, account, value, refunded, policy, earnings, spends')
  const addSpend = into('loyalty_spend', 'spend, programme, account, currency, points, taken, back, order_id, worth')
  const addEvent = into(
    'event',
    'kind, subject, seq, type, v, effective_at, recorded_at, actor, causation, correlation, body, salt, body_hash, hash, lane',
  )

  const before = (who: string): Before | null => {
    const head = headOf.get(`stars/${who}`) as Omit<Before, 'posted'> | undefined
    return head ? { ...head, ...(accountOf.get(who) as { posted: number }) } : null
  }
  /** Key, event and head: what is alike in every command. */
  const told = (
    who: string,
    was: Before,
    i: { command: string; key: string; content: object; answer: object; type: string; body: object },
  ) => {
    const content = Object.fromEntries(
      Object.entries(i.content).map(([name, value]) => [name, sha(`${SALT}${name}\n${JSON.stringify(value)}`)]),
    )
    addKey.run(i.command, i.key, SALT, JSON.stringify(content), JSON.stringify(i.answer), START)
    const seq = was.seq + 1
    const body = JSON.stringify(i.body)
    const bodyHash = sha(SALT + body)
    const subject = `stars/${who}`
    const envelope = JSON.stringify(['shop', 'loyalty-account', subject, seq, i.type, 1, START, START, ACTOR, null, null])
    const chain = sha(was.chain + envelope + bodyHash)
    const named = ['loyalty-account', subject] as const
    addEvent.run(...named, seq, i.type, 1, START, START, ACTOR, null, null, body, SALT, bodyHash, chain, 41)
    const head: readonly SQLInputValue[] = [was.version + 1, START, seq, chain]
    if (was.version === 0) addHead.run(...named, ...head)
    else moveHead.run(...head, subject)
  }
  const answerOf = (id: string, account: string, points: number, posted: number, lots: object, lines: object) => ({
    ...{ points, lots, lines, posted, available: posted, held: 0, pending: 0, debt: 0, nextExpiry: { points: posted, at: GOES } },
    ...{ id, account, programme: PROGRAMME, currency: 'star', until: null },
  })

  const earn = (who: string, id: string, points: number): void => {
    if (keyOf.get('loyalty.earn', id)) throw new Error('taken')
    const was = before(who)
    const { seq, posted } = was ?? { seq: 0, posted: 0 }
    const posting = `earn/${id}`
    const lines = [{ code: 'loyalty/rule', data: { rule: 'earn-1', currency: 'star', points, why: 'spend' } }]
    const total = { amount: '21.90', currency: 'EUR' }
    const terms = {
      counted: [{ points: 1, base: '21.9', per: '1.00', rounding: 'floor' }],
      factor: '1',
      added: 0,
      cap: null,
      earned: points,
    }
    const earnings = [{ currency: 'star', posting, terms, clawedBack: 0, lapsed: 0 }]
    const iso = new Date(START).toISOString()
    const lot = {
      lot: posting,
      currency: 'star',
      points,
      remaining: points,
      earnedAt: iso,
      availableAt: iso,
      expiresAt: new Date(GOES).toISOString(),
    }
    const record = { id, value: total, refunded: '0', policy: { policy: 'kept-spend' }, earnings, spends: [] }
    const why = { points, lines, programme: PROGRAMME, uses: [] }
    told(who, was ?? { version: 0, seq: 0, chain: '', posted: 0 }, {
      command: 'loyalty.earn',
      key: id,
      content: { account: who, programme: 'stars', order: { id, total } },
      answer: answerOf(posting, who, points, posted + points, [{ lot: posting, points, expiresAt: GOES }], lines),
      type: 'loyalty.earned',
      body: { posting, lots: [lot], debtPaid: {}, source: { order: id }, record, counters: {}, why },
    })
    const own = ['stars', who] as const
    if (was) setPosted.run(posted + points, who)
    else {
      addAccount.run(...own, 'UTC', START, START, START, 0, null, 'star', points, 0, 0, '{}', 0, null, null, GOES)
      addTimer.run('loyalty', `stars/${who}`, 41, GOES, 1, 0, 0)
    }
    addLot.run(...own, posting, 'star', posting, points, points, 0, 0, START, START, GOES, START, 1)
    addPosting.run(posting, ...own, seq + 1)
    addEntry.run(...own, seq + 1, 1, 'star', 'issued', 'points', points, START, START)
    addOrder.run(id, ...own, JSON.stringify(total), '0', '{"policy":"kept-spend"}', JSON.stringify(earnings), '[]')
  }
  const redeem = (who: string, id: string, points: number): void => {
    if (keyOf.get('loyalty.redeem', id)) throw new Error('taken')
    const was = before(who)
    if (!was || was.posted < points) throw new Error('short')
    const posting = `redeem/${id}`
    const taken: { readonly lot: string; readonly points: number; readonly rest: number }[] = []
    let left = points
    for (const row of openLots.iterate(who)) {
      const { lot, remaining } = row as { lot: string; remaining: number }
      const some = Math.min(left, remaining)
      taken.push({ lot, points: some, rest: remaining - some })
      left -= some
      if (left === 0) break
    }
    for (const { lot, rest } of taken) setLot.run(rest, rest > 0 ? 1 : 0, who, lot)
    const parts = taken.map(({ lot, points: some }) => ({ lot, points: some }))
    const lines = [{ code: 'loyalty/spent', data: { points: -points, currency: 'star', worth: null } }]
    const shown = taken.map(({ lot, points: some }) => ({ lot, points: -some, expiresAt: GOES }))
    told(who, was, {
      command: 'loyalty.redeem',
      key: id,
      content: { account: who, programme: 'stars', points },
      answer: answerOf(posting, who, -points, was.posted - points, shown, lines),
      type: 'loyalty.spent',
      body: {
        posting,
        currency: 'star',
        points,
        taken: parts,
        worth: null,
        reward: null,
        record: null,
        why: { points, lines, programme: PROGRAMME },
      },
    })
    const own = ['stars', who] as const
    setPosted.run(was.posted - points, who)
    addPosting.run(posting, ...own, was.seq + 1)
    addSpend.run(posting, ...own, 'star', points, JSON.stringify(parts), 0, null, null)
    addEntry.run(...own, was.seq + 1, 1, 'star', 'points', 'spent', points, START, START)
  }
  const inOne = (work: () => void): void => {
    begin.run()
    work()
    end.run()
  }
  /** An opening balance in many lots. */
  const fill = (who: string, lots: readonly { readonly points: number; readonly expiresAt: number }[]): void => {
    const posted = lots.reduce((sum, lot) => sum + lot.points, 0)
    inOne(() => {
      addHead.run('loyalty-account', `stars/${who}`, 1, START, 1, sha(who))
      addAccount.run('stars', who, 'UTC', START, START, START, 0, null, 'star', posted, 0, 0, '{}', 0, null, null, GOES)
      for (const [n, { points, expiresAt }] of lots.entries())
        addLot.run('stars', who, `import/${who}/${n + 1}`, 'star', `import/${who}`, points, points, 0, 0, START, START, expiresAt, START, 1)
    })
  }
  return { earn, redeem, fill, inOne, close: () => db.close() }
}
