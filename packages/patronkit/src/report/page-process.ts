import type { ProcessReport } from '@patronkit/sla-engine/process'
import type { Format } from './format.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './model.ts'
import { framed } from './page-tables.ts'

/** More rows than these say little more. */
const MOST_ROWS = 10

/** Variants and waiting; null where the report has no process. */
export function processSection(report: Report, format: Format): Markup | null {
  const { process } = report
  if (process === null || process.items === 0) return null
  const { words, count } = format
  const { items, variants, rework, handOvers } = process
  return html`<section>
<h2>${words.process}</h2>
<p>${words.processIn(count(items), count(variants.length), count(rework.items), count(handOvers.count))}</p>
${variantTable(process, format)}
${waitingTable(process, format)}
</section>`
}

function variantTable({ variants, items }: ProcessReport, format: Format): Markup {
  const { words } = format
  const rows = variants.slice(0, MOST_ROWS).map(
    ({ activities, items: some, medianWorkedMs }) =>
      html`<tr><th scope="row" class="name">${activities.join(' → ')}</th><td>${format.count(some)}</td><td>${format.share(
        (Math.floor((some * 10_000) / items) / 10_000).toFixed(4),
      )}</td><td>${format.length(medianWorkedMs)}</td></tr>
`,
  )
  return table(words.variants, [words.course, words.tickets, words.ofTickets, words.wholeTime], rows, variants.length, format)
}

function waitingTable({ steps }: ProcessReport, format: Format): Markup | null {
  if (steps.length === 0) return null
  const { words } = format
  const rows = steps.slice(0, MOST_ROWS).map(
    ({ from, to, count, working }) =>
      html`<tr><th scope="row" class="name">${from} → ${to}</th><td>${format.count(count)}</td><td>${format.length(
        working.medianMs,
      )}</td><td>${format.length(working.p90Ms)}</td><td>${format.length(working.totalMs)}</td></tr>
`,
  )
  const heads = [words.step, words.times, words.waitedMedian, words.waitedP90, words.waitedTotal]
  return table(words.waiting, heads, rows, steps.length, format)
}

function table(title: string, heads: readonly string[], rows: readonly Markup[], all: number, format: Format): Markup {
  const note = all > rows.length ? html`<p class="muted">${format.words.firstOf(format.count(rows.length), format.count(all))}</p>` : null
  const [first, ...others] = heads
  const columns = others.map((head) => html`<th scope="col">${head}</th>`)
  return html`${framed(
    title,
    rows.length,
    format,
    html`<thead>
<tr><th scope="col" class="name">${first!}</th>${columns}</tr>
</thead>
<tbody>
${rows}</tbody>`,
  )}
${note}`
}
