import { existsSync } from 'node:fs'
import { type Locale, PatronkitError, systemClock } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { type Check, examine, type Finding } from '../doctor.ts'
import { createPatronkit } from '../kit.ts'

/** `patronkit doctor`: looks at a database file and says what is wrong with it; answers whether all is well. */
export async function doctorCommand(i: { readonly db: string; readonly locale: Locale }, print: (line: string) => void): Promise<boolean> {
  if (!existsSync(i.db)) {
    throw new PatronkitError({
      code: 'cli/bad-file',
      message: `there is no database ${i.db}. Give the file that your storage uses.`,
      details: { file: i.db, path: '' },
    })
  }
  const storage = sqliteStorage({ file: i.db })
  try {
    const findings = await examine({ storage, runner: createPatronkit({ storage }), clock: systemClock })
    for (const finding of findings) print(lineOf(finding, i.locale))
    return findings.every(({ ok }) => ok)
  } finally {
    await storage.close()
  }
}

const lineOf = ({ check, ok, found }: Finding, locale: Locale): string => {
  const { label, advice } = SAYS[locale][check]
  return `${ok ? '✓' : '✗'} ${label}${found ? `: ${found}` : ''}${ok ? '' : `\n  ${advice}`}`
}

const SAYS: { readonly [L in Locale]: { readonly [C in Check]: { readonly label: string; readonly advice: string } } } = {
  en: {
    schema: { label: 'tables as declared', advice: 'Run storage.schema.migrate(), or apply what storage.schema.sql() prints.' },
    rights: {
      label: 'the right to write',
      advice: 'Grant select, insert, update and delete on the tables to the role of the application.',
    },
    clock: { label: 'clock ahead of the database', advice: 'Let both machines follow the same time server.' },
    zones: { label: 'time zone data', advice: 'Use a newer Node: its zone data lack changes of recent years.' },
    timers: { label: 'timers late by', advice: 'Call tick() more often, or with a larger limit.' },
    parked: { label: 'timers parked', advice: 'List them with parkedTimers(), mend the cause, and call reviveTimer().' },
    feed: { label: 'events waiting for their place', advice: 'Call tick(), and look for a transaction that stays open.' },
    consumers: { label: 'consumers behind', advice: 'Call tick() more often; look at `failed` for a consumer that throws.' },
  },
  'zh-CN': {
    schema: { label: '数据表与声明一致', advice: '请运行 storage.schema.migrate()，或执行 storage.schema.sql() 输出的语句。' },
    rights: { label: '写入权限', advice: '请为应用的数据库角色授予这些表的 select、insert、update 与 delete 权限。' },
    clock: { label: '本机时钟比数据库快', advice: '请让两台机器与同一时间服务器同步。' },
    zones: { label: '时区数据', advice: '请升级 Node：其时区数据缺少近年的变更。' },
    timers: { label: '定时任务延迟', advice: '请更频繁地调用 tick()，或增大 limit。' },
    parked: { label: '已搁置的定时任务', advice: '请用 parkedTimers() 列出，排除原因后调用 reviveTimer()。' },
    feed: { label: '等待排序的事件', advice: '请调用 tick()，并检查是否有长期未结束的事务。' },
    consumers: { label: '消费者积压', advice: '请更频繁地调用 tick()，并在 failed 中查看报错的消费者。' },
  },
}
