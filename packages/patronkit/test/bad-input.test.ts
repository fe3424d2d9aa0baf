import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../src/cli.ts'
import { rulesOfHelpdesk } from './helpdesk.ts'

const HEADER =
  'Case ID,Activity,Complete Timestamp,seriousness_2,service_level,service_type,customer,product,support_section,workgroup,Resource'
const row = (id: string, activity: string, at: string, rest = 'Value 1,Value 2,Value 1,Value 1,Value 1,Value 1,Value 1') =>
  `${id},${activity},${at},${rest},Value 1`

const GOOD = [
  row('Case 1', 'Insert ticket', '2012/10/09 14:50:17.000'),
  row('Case 1', 'Take in charge ticket', '2012/10/09 15:10:00.000'),
  row('Case 1', 'Resolve ticket', '2012/10/10 09:00:00.000'),
]

/** Runs the command on a log and rules of the test's own. */
async function report(lines: readonly string[], change: { [file: string]: unknown } = {}, extra: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-bad-'))
  const file = (name: string) => join(folder, name)
  const rules: { [name: string]: unknown } = { ...rulesOfHelpdesk(), ...change }
  for (const [name, data] of Object.entries(rules))
    writeFileSync(file(`${name}.json`), typeof data === 'string' ? data : JSON.stringify(data))
  writeFileSync(file('log.csv'), lines.join('\n'))
  const printed: string[] = []
  const complaints: string[] = []
  const options = ['mapping', 'policy', 'calendar'].flatMap((name) => [`--${name}`, file(`${name}.json`)])
  const code = await main(['sla', 'report', file('log.csv'), ...options, '--db', file('desk.db'), '--html', file('out.html'), ...extra], {
    print: (line) => void printed.push(line),
    complain: (line) => void complaints.push(line),
  })
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : null)
  return {
    code,
    printed: printed.join('\n'),
    complaints: complaints.join('\n'),
    rejected: read('out.rejected.csv'),
    html: read('out.html'),
    db: existsSync(file('desk.db')),
  }
}

test('a good log gives a page and no list of refusals', async () => {
  const { code, printed, rejected, html } = await report([HEADER, ...GOOD])
  expect({ code, rejected }).toEqual({ code: 0, rejected: null })
  expect(printed).toContain('Rows read 3 = used 3 + refused 0')
  expect(html).toContain('<!doctype html>')
})

test('rows that cannot be read are refused with line and reason, and the others are used', async () => {
  const bad = [
    row('Case 2', 'Insert ticket', '2012/13/45 14:50:17.000'),
    row('', 'Insert ticket', '2012/10/09 14:50:17.000'),
    row('Case 3', 'Dance', '2012/10/09 14:50:17.000'),
    'Case 4,Insert ticket,2012/10/09 14:50:17.000,too,short',
    row('Case 5', '"Insert ticket', '2012/10/09 14:50:17.000'),
  ]
  const { code, printed, rejected } = await report([HEADER, GOOD[0]!, ...bad.slice(0, 4), GOOD[1]!, GOOD[2]!, bad[4]!])
  expect(code).toBe(0)
  expect(printed).toContain('Rows read 8 = used 3 + refused 5')
  const lines = rejected!.trim().split('\n')
  expect(lines[0]).toBe('line,reason,row')
  expect(lines[1]).toMatch(/^3,.*2012\/13\/45.*is not a date of the form yyyy\/MM\/dd/)
  expect(lines[2]).toMatch(/^4,.*Case ID.*is empty/)
  expect(lines[3]).toMatch(/^5,.*unknown activity.*Dance/)
  expect(lines[4]).toMatch(/^6,"?not a row of this CSV/)
  expect(lines.slice(5).join('\n')).toMatch(/^9,"?not a row of this CSV/)
})

test('names that mean something to JavaScript are only names', async () => {
  const hostile = ['__proto__', 'constructor', "x'); drop table patronkit_sla_item; --", '<script>alert(1)</script>']
  const lines = hostile.flatMap((id) => [
    row(id, 'Insert ticket', '2012/10/09 14:50:17.000'),
    row(id, 'Resolve ticket', '2012/12/09 14:50:17.000'),
  ])
  const { code, printed, html } = await report([HEADER, ...lines, row('Case 9', '__proto__', '2012/10/09 14:50:17.000')])
  expect(code).toBe(0)
  expect(printed).toContain('Rows read 9 = used 8 + refused 1')
  expect(html).not.toContain('<script>')
})

test.each([
  ['a misspelt zone', { calendar: { ...calendar(), zone: 'Europe/Roma' } }, /calendar helpdesk-hours.*zone: use a name of the IANA/],
  ['hours that are no times', { calendar: { ...calendar(), week: { mon: [['9', '17:00']] } } }, /week\.mon\.0\.0/],
  [
    'a policy with a misspelt length',
    { policy: { ...policy(), targets: { resolution: { within: { workinghours: 4 } } } } },
    /policy helpdesk.*targets\.resolution\.within/,
  ],
  [
    'a policy on another calendar',
    { policy: { ...policy(), calendar: 'other' } },
    /counts on calendar "other", but the calendar given is "helpdesk-hours"/,
  ],
  ['a mapping without the level', { mapping: { ...mapping(), level: 'tier' } }, /level: is not one of the attributes/],
  ['a file that is not JSON', { policy: '{ "id": ' }, /policy\.json is not JSON/],
  ['a list where an object belongs', { calendar: [] }, /the calendar is not a JSON object/],
])('%s is refused before anything is written', async (_, change, message) => {
  const { code, complaints, db, html } = await report([HEADER, ...GOOD], change)
  expect({ code, db, html }).toEqual({ code: 1, db: false, html: null })
  expect(complaints).toMatch(message)
})

test('a log without a column of the mapping is refused as a whole, by name', async () => {
  const { code, complaints } = await report([HEADER.replace('service_level', 'level'), ...GOOD])
  expect(code).toBe(1)
  expect(complaints).toMatch(/has no column "service_level".*Its header has: Case ID/)
})

test('a log of which nothing can be used says so', async () => {
  const { code, complaints } = await report([HEADER, row('Case 1', 'Dance', '2012/10/09 14:50:17.000')])
  expect(code).toBe(1)
  expect(complaints).toMatch(/no row that can be used \(1 read, 1 refused\)/)
})

test('the demo and the example read a log alike', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  for (const name of ['mapping', 'policy', 'calendar'])
    expect(read(`../src/demo/${name}.json`)).toBe(read(`../../../examples/helpdesk/${name}.json`))
})

test('a command line with a mistake shows the forms there are', async () => {
  const complaints: string[] = []
  const out = { print: () => undefined, complain: (line: string) => void complaints.push(line) }
  for (const args of [['dance'], ['sla', 'report', 'x.csv'], ['demo', '--locale', 'it'], ['demo', '--loud']])
    expect(await main(args, out)).toBe(1)
  for (const complaint of complaints) expect(complaint).toMatch(/cli\/usage: .*Use:\npatronkit demo/s)
})

function calendar() {
  return rulesOfHelpdesk().calendar as object
}
function policy() {
  return rulesOfHelpdesk().policy as object
}
function mapping() {
  return rulesOfHelpdesk().mapping as object
}
