import type { Explanation, Line } from '@patronkit/core'
import { render } from '@patronkit/sla-engine'
import type { Format } from './format.ts'
import { html, type Markup } from './markup.ts'
import type { Report, WorstTicket } from './model.ts'

/** So many stretches are read one by one; more are grouped by day, and so many days by month. */
const MOST_STRETCHES = 12
const MOST_DAYS = 31

/** The stretches that begin on one local date. */
interface Day {
  readonly date: string
  readonly lines: readonly Line[]
  readonly countedMs: number
  /** Counted from the start of the clock to the end of these stretches. */
  readonly soFarMs: number
}

/** The worst tickets, each with its explanation folded up. */
export function worstTickets(report: Report, format: Format): Markup {
  if (report.worst.length === 0) return html`<p>${format.words.noneWorst}</p>`
  return html`<ol class="worst">
${report.worst.map((ticket) => html`<li>${worstTicket(ticket, report, format)}</li>\n`)}</ol>`
}

function worstTicket(ticket: WorstTicket, report: Report, format: Format): Markup {
  const { words } = format
  const explanation = render(ticket.explanation, { locale: format.locale, zone: report.zone })
  return html`<details>
<summary><strong>${ticket.id}</strong><span>${format.level(ticket.level)}</span><span>${format.metric(
    ticket.metric,
  )}</span><span>${words.usedOf(format.length(ticket.workedMs), format.length(ticket.targetMs))}</span><span class="over">${words.over(
    format.length(ticket.workedMs - ticket.targetMs),
  )}</span></summary>
<div class="why">
<p>${explanation.summary}</p>
<p class="muted">${totals(explanation, format)}</p>
${stretches(explanation, ticket.targetMs, format)}
</div>
</details>`
}

/** `counted 512 h (61 stretches) · paused 20 h (1 stretch)`. */
function totals(explanation: Explanation, format: Format): string {
  const byKind = Map.groupBy(explanation.lines, (line) => line.code)
  return [...byKind]
    .map(([code, lines]) => {
      const length = format.length(lines.reduce((sum, line) => sum + lengthOf(line), 0))
      return format.words.inAll(format.words.kinds[code] ?? code, length, lines.length)
    })
    .join(' · ')
}

function stretches(explanation: Explanation, targetMs: number, format: Format): Markup {
  const { lines } = explanation
  if (lines.length <= MOST_STRETCHES) return list(lines)
  const days = daysOf(lines, format)
  if (days.length <= MOST_DAYS) return html`${days.map((day) => dayOf(day, targetMs, format))}`
  const months = [...Map.groupBy(days, (day) => day.date.slice(0, 7))]
  return html`${months.map(([month, inMonth]) => {
    const countedMs = inMonth.reduce((sum, day) => sum + day.countedMs, 0)
    const { soFarMs } = inMonth.at(-1)!
    return html`<details>
<summary>${amounts(month, countedMs, soFarMs, targetMs, format)}</summary>
${inMonth.map((day) => dayOf(day, targetMs, format))}</details>
`
  })}`
}

const dayOf = (day: Day, targetMs: number, format: Format): Markup => html`<details>
<summary>${amounts(format.day(startOf(day.lines[0]!)), day.countedMs, day.soFarMs, targetMs, format)}</summary>
${list(day.lines)}
</details>
`

/** What was counted, what it came to, and whether that is where the target was used up. */
function amounts(when: string, countedMs: number, soFarMs: number, targetMs: number, format: Format): Markup {
  const { words } = format
  const passed = soFarMs > targetMs && soFarMs - countedMs <= targetMs
  const flag = passed ? html` <span class="flag">${words.targetPassed}</span>` : null
  return html`${words.counted(when, format.length(countedMs), format.length(soFarMs))}${flag}`
}

const list = (lines: readonly Line[]): Markup => html`<ul>${lines.map((line) => html`<li>${line.text}</li>`)}</ul>`

function daysOf(lines: readonly Line[], format: Format): readonly Day[] {
  let soFarMs = 0
  return [...Map.groupBy(lines, (line) => format.localDate(startOf(line)))].map(([date, ofDay]) => {
    const countedMs = ofDay.reduce((sum, line) => sum + (line.code === 'sla/counted' ? lengthOf(line) : 0), 0)
    soFarMs += countedMs
    return { date, lines: ofDay, countedMs, soFarMs }
  })
}

const lengthOf = (line: Line): number => line.data.ms as number

const startOf = (line: Line): string => line.data.from as string
