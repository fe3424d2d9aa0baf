import { alwaysOpen } from '@patronkit/business-time'
import type { Locale } from '@patronkit/core'
import { countProcess } from '@patronkit/sla-engine/process'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { reportPage } from '../src/report/html.ts'
import { reportTable } from '../src/report/table.ts'
import { REPORT_WORDS } from '../src/report/words.ts'
import { reportOf } from './report-fixture.ts'

const plain = reportOf({ id: 'T-1', level: 'gold', month: '2025-02' })
const locales: readonly Locale[] = ['en', 'zh-CN']

/** What is wrong with a page in which every element is closed, by itself or by a tag. */
function faults(page: string): readonly string[] {
  const open: string[] = []
  const found: string[] = []
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1])
  if (new Set(ids).size !== ids.length) found.push('an id is used twice')
  const tag = /<!doctype html>|<(\/?)([a-z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<]*")?)*)\s*(\/?)>|<|[^<]+/g
  for (const [whole, closing, name, , single] of page.replace(/<style>[^<]*<\/style>/, '').matchAll(tag)) {
    if (whole === '<') found.push('a bare <')
    else if (!name) {
      if (/&(?!(?:amp|lt|gt|quot|#39|#039);)/.test(whole)) found.push(`a bare & in ${whole.slice(0, 80)}`)
    } else if (closing) {
      const last = open.pop()
      if (last !== name) found.push(`</${name}> closes <${last}>`)
    } else if (!single) open.push(name)
  }
  return [...found, ...open.map((name) => `<${name}> is never closed`)]
}

describe.each(locales)('the page in %s', (locale) => {
  const page = reportPage({ report: plain, locale })

  test('is well formed', () => {
    expect(faults(page)).toEqual([])
  })

  test('fetches nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<iframe|<img|@import|\son[a-z]+=/i)
    expect(page).not.toMatch(/(?:src|href|url)\s*[=(]\s*["']?\s*(?:https?:)?\/\//i)
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  })

  test('is the same twice, whatever was drawn in between', () => {
    reportPage({ report: reportOf({ id: 'T-2', level: 'silver', month: '2025-03' }), locale })
    expect(reportPage({ report: plain, locale })).toBe(page)
  })

  test('says what was read, used and refused', () => {
    expect(page).toContain(REPORT_WORDS[locale].rows('1,234', '1,230', '4'))
  })

  test('has each chart with a title, a description and a table', () => {
    expect(page.match(/<svg [^>]*role="img"/g)).toHaveLength(3)
    for (const id of ['months', 'levels', 'heat'])
      expect(page).toMatch(new RegExp(`<title id="${id}-title">[^<]+</title><desc id="${id}-desc">[^<]+<`))
    expect(page.match(/<table>/g)).toHaveLength(3)
  })

  test('reaches every stretch of every explanation', () => {
    const { 'sla/counted': counted } = REPORT_WORDS[locale].kinds
    const stretches = page.match(new RegExp(`<li>[^<]*: ${counted} 8[^<]*</li>`, 'g'))
    expect(stretches).toHaveLength(1 + 20 + 90)
  })

  test('hostile names stay text', () => {
    const hostile = `</svg><script>alert("1")</script>'&<b onload=x>\u0000`
    const report = reportOf({ id: hostile, level: hostile, month: hostile })
    const attacked = reportPage({ report: { ...report, policies: [hostile], levelAttribute: hostile }, locale })
    expect(faults(attacked)).toEqual([])
    expect(attacked).not.toMatch(/<script|<b\b/)
    expect(attacked).not.toContain('\u0000')
    expect(attacked).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
  })
})

test('the page has one heading for each part, in the words of its language', () => {
  const headings = (locale: Locale) => [...reportPage({ report: plain, locale }).matchAll(/<h\d>([^<]*)/g)].map((match) => match[1])
  expect(headings('en')).toEqual([
    'Service level report',
    'Attainment by month',
    'Resolution: working time by service level',
    'Resolution: attainment by service level and month',
    'Tickets furthest over their target',
    'How the figures are defined',
  ])
  expect(headings('zh-CN')).toEqual([
    '服务级别报告',
    '各月份达成率',
    '各服务级别解决时长（工作时间）',
    '各服务级别、各月份的解决时长达成率',
    '超时最多的工单',
    '指标口径',
  ])
})

describe.each(locales)('the process on the page in %s', (locale) => {
  const at = (hour: number) => Date.UTC(2025, 0, 6, hour)
  const count = countProcess({ calendar: alwaysOpen })
  const hostile = '<b onload=x>'
  for (let n = 0; n < 3; n++)
    count.add({ item: `${n}`, activities: [hostile, 'resolved'].map((type, step) => ({ type, at: at(8 + step), by: `${step}` })) })
  for (let n = 0; n < 11; n++)
    count.add({ item: `x${n}`, activities: ['created', `step-${n}`].map((type) => ({ type, at: at(8), by: null })) })
  const page = reportPage({ report: { ...plain, process: count.report() }, locale })

  test('is well formed, whatever the steps are called, and has its two tables', () => {
    expect(faults(page)).toEqual([])
    expect(page).not.toMatch(/<b\b/)
    expect(page.match(/<table>/g)).toHaveLength(5)
  })

  test('says how many ways there are, and how many are listed', () => {
    const words = REPORT_WORDS[locale]
    expect(page).toContain(words.processIn('14', '12', '0', '3'))
    expect(page).toContain(words.firstOf('10', '12'))
    expect(page).toContain(`<td>3</td><td>21.4%</td><td>${locale === 'en' ? '1 h' : '1 小时'}</td>`)
  })
})

test('the day on which the target was used up is marked', () => {
  const page = reportPage({ report: plain, locale: 'en' })
  // 16 hours at 8 a day are exact after two days, and over on the third
  const flagged = [...page.matchAll(/<summary>([^<]*) <span class="flag">/g)].map((match) => match[1])
  expect(flagged).toEqual([
    'Wed, 8 Jan 2025: counted 8 h, 24 h so far',
    '2025-01: counted 208 h, 208 h so far',
    'Wed, 8 Jan 2025: counted 8 h, 24 h so far',
  ])
})

test('a share is never rounded up to one that was not reached', () => {
  const total = { ...plain.total, metrics: { ...plain.total.metrics, resolution: { ...plain.total.metrics.resolution!, share: '0.9996' } } }
  expect(reportTable({ report: { ...plain, total }, locale: 'en' })).toContain('99.9%')
})

test('a report without metrics, levels, months or worst tickets is a page and a table too', () => {
  const empty = { ...plain, metrics: [], levels: [], months: [], levelMonths: [], worst: [], total: { of: null, tickets: 0, metrics: {} } }
  expect(faults(reportPage({ report: empty, locale: 'en' }))).toEqual([])
  expect(reportTable({ report: empty, locale: 'en' })).toContain('As of 1 Mar 2025')
})

describe.each(locales)('the table in %s', (locale) => {
  test('is aligned, also where letters are two cells wide', () => {
    const report = reportOf({ id: 'T-1', level: '金牌客户', month: '2025-02' })
    const blocks = reportTable({ report, locale }).split('\n\n').slice(1)
    expect(blocks).toHaveLength(2)
    for (const block of blocks) {
      const [, ...lines] = block.split('\n')
      expect(new Set(lines.map((line) => stringWidth(line))).size).toBe(1)
    }
  })
})

test('the table says what the report says', () => {
  expect(reportTable({ report: plain, locale: 'en' })).toBe(
    `
As of 1 Mar 2025, 00:00, UTC

Time to own
Service level  Tickets  Attainment  Breached  Open  Median  90th percentile
-------------  -------  ----------  --------  ----  ------  ---------------
gold                41       75.0%        10     1     4 h             12 h
basic               21       50.0%        10     1     4 h             12 h
-------------  -------  ----------  --------  ----  ------  ---------------
All tickets         62       66.6%        20     1     4 h             12 h

Resolution
Service level  Tickets  Attainment  Breached  Open  Median  90th percentile
-------------  -------  ----------  --------  ----  ------  ---------------
gold                41       62.5%        12     1     4 h             12 h
basic               21       89.2%         3     1     4 h             12 h
-------------  -------  ----------  --------  ----  ------  ---------------
All tickets         62       75.0%        15     1     4 h             12 h
`.trim(),
  )
})

test('a name in the log cannot move the cursor of a terminal', () => {
  const report = reportOf({ id: 'T-1', level: '\u001b[2Jgold\r\n', month: '2025-02' })
  expect(reportTable({ report, locale: 'en' })).toContain('\ufffd[2Jgold\ufffd\ufffd')
})
