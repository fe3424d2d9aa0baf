import { parseArgs } from 'node:util'
import { isPatronkitError, type Locale, PatronkitError } from '@patronkit/core'
import { readDefinitions } from './commands/definitions.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor-command.ts'
import { attainmentReportCommand, indexReportCommand } from './commands/kpi-report-command.ts'
import { segmentReportCommand } from './commands/segment-report-command.ts'
import { slaReportCommand } from './commands/sla-report-command.ts'

const USAGE = `patronkit demo [--out FOLDER] [--locale en|zh-CN]
patronkit doctor --db FILE [--locale en|zh-CN]
patronkit sla report LOG.csv --mapping M.json --policy P.json --calendar C.json --db FILE --html OUT.html [--tenant NAME] [--locale en|zh-CN]
patronkit kpi report LOG.csv --mapping M.json --policy P.json --calendar C.json --db FILE --html OUT.html [--csv OUT.csv] [--json OUT.json] [--tenant NAME] [--locale en|zh-CN]
patronkit kpi report UNITS.csv --meta TREE.csv --html OUT.html [--group COLUMN] [--csv OUT.csv] [--json OUT.json] [--locale en|zh-CN]
patronkit segment report TRANSACTIONS.csv --html OUT.html [--json OUT.json] [--customer COLUMN] [--date COLUMN] [--amount COLUMN] [--locale en|zh-CN]`

/** Runs one command line; answers the exit code: 0, or 1 when something was refused or found wrong. */
export async function main(args: readonly string[], out: { print(line: string): void; complain(line: string): void }): Promise<number> {
  try {
    return (await run(args, out.print)) ? 0 : 1
  } catch (error) {
    if (!isPatronkitError(error)) throw error
    out.complain(error.message)
    return 1
  }
}

/** Answers whether all is well. */
async function run(args: readonly string[], print: (line: string) => void): Promise<boolean> {
  const { values, positionals } = readArgs(args)
  const locale = readLocale(values.locale ?? 'en')
  const [command, ...rest] = positionals
  if (values.help || command === undefined) {
    print(USAGE)
    return true
  }
  if (command === 'demo') {
    await demoCommand({ folder: values.out ?? 'patronkit-demo', locale }, print)
    return true
  }
  if (command === 'doctor') {
    if (!values.db) throw usage('doctor needs --db')
    return doctorCommand({ db: values.db, locale }, print)
  }
  if (command === 'kpi') return kpiReport(rest, values, locale, print)
  if (command === 'segment') return segmentReport(rest, values, locale, print)
  const [sub, log] = rest
  if (command !== 'sla' || sub !== 'report' || log === undefined) throw usage(`there is no command "${positionals.join(' ')}"`)
  const { mapping, policy, calendar, db, html } = values
  if (!mapping || !policy || !calendar || !db || !html) throw usage('sla report needs --mapping, --policy, --calendar, --db and --html')
  const definitions = readDefinitions({ mapping, policy, calendar })
  await slaReportCommand({ log, definitions, db, html, tenant: values.tenant ?? 'default', locale }, print)
  return true
}

/** The file of `patronkit NAME report FILE`. */
function reportedFile(name: string, rest: readonly string[]): string {
  const [sub, file] = rest
  if (sub === 'report' && file !== undefined) return file
  throw usage(`there is no command "${[name, ...rest].join(' ')}"`)
}

async function kpiReport(
  rest: readonly string[],
  values: ReturnType<typeof readArgs>['values'],
  locale: Locale,
  print: (line: string) => void,
): Promise<boolean> {
  const file = reportedFile('kpi', rest)
  const { mapping, policy, calendar, db, html, csv, json, meta, group, tenant = 'default' } = values
  if (!html) throw usage('kpi report needs --html')
  const outputs = { html, csv, json, locale }
  if (meta) {
    indexReportCommand({ ...outputs, data: file, meta, group }, print)
    return true
  }
  if (!mapping || !policy || !calendar || !db)
    throw usage('kpi report of a log needs --mapping, --policy, --calendar and --db; of an index, --meta')
  await attainmentReportCommand({ ...outputs, log: file, definitions: readDefinitions({ mapping, policy, calendar }), db, tenant }, print)
  return true
}

async function segmentReport(
  rest: readonly string[],
  values: ReturnType<typeof readArgs>['values'],
  locale: Locale,
  print: (line: string) => void,
): Promise<boolean> {
  const file = reportedFile('segment', rest)
  const { html, json, customer, date, amount } = values
  if (!html) throw usage('segment report needs --html')
  await segmentReportCommand({ file, columns: { customer, date, amount }, html, json, locale }, print)
  return true
}

function readArgs(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        mapping: text,
        policy: text,
        calendar: text,
        db: text,
        html: text,
        csv: text,
        json: text,
        meta: text,
        group: text,
        customer: text,
        date: text,
        amount: text,
        tenant: text,
        locale: text,
        out: text,
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error))
  }
}

function readLocale(locale: string): Locale {
  if (locale === 'en' || locale === 'zh-CN') return locale
  throw usage(`there is no locale "${locale}"`)
}

const usage = (why: string) => new PatronkitError({ code: 'cli/usage', message: `${why}. Use:\n${USAGE}`, details: {} })
