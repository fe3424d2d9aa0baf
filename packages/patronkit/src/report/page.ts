import { html, type Markup, trusted } from './markup.ts'
import { STYLE } from './style.ts'

/** What a page needs of the words of its report. */
export interface PageFormat {
  readonly locale: string
  readonly words: { readonly definitions: string; readonly table: (title: string) => string }
}

/** The page around a report: no script, nothing fetched, light and dark, for screen and paper. */
export function pageOf(i: {
  readonly title: string
  readonly below: readonly string[]
  readonly main: readonly (Markup | null)[]
  readonly notes: readonly string[]
  readonly format: PageFormat
}): string {
  const { title, below, main, notes, format } = i
  const page = html`<!doctype html>
<html lang="${format.locale}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
<title>${title}</title>
<style>
${trusted(STYLE)}
</style>
</head>
<body>
<header>
<h1>${title}</h1>
${below.map((line) => html`<p>${line}</p>\n`)}</header>
<main>
${main.filter((part) => part !== null)}</main>
<footer>
<h2>${format.words.definitions}</h2>
<ol class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ol>
</footer>
</body>
</html>
`
  return page.markup
}

/** A figure at the top of a page. */
export type Card = readonly [title: string, figure: string, below: string | null]

export const cards = (all: readonly Card[]): Markup =>
  html`<dl class="cards">${all.map(
    ([title, figure, below]) => html`<div><dt>${title}</dt><dd>${figure}</dd>${below === null ? null : html`<dd>${below}</dd>`}</div>\n`,
  )}</dl>\n`

export const section = (title: string, ...inside: readonly (Markup | null)[]): Markup =>
  html`<section>
<h2>${title}</h2>
${inside.filter((part) => part !== null)}</section>
`

/** A cell as it is shown: a text, or a text with the class of the cell. */
export type Cell = string | { readonly text: string; readonly class: string }

/** Rows that still can be taken in at a glance; longer tables are folded. */
const MOST_UNFOLDED = 14

/** A table whose first column names its rows; it scrolls on a narrow screen and, when long, is folded. */
export function tableOf(i: {
  readonly title: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  readonly foot?: readonly string[]
  readonly format: PageFormat
}): Markup {
  const { title, heads, rows, foot, format } = i
  const head = heads.map((text, n) => html`<th scope="col"${n === 0 ? html` class="name"` : null}>${text}</th>`)
  const line = (cells: readonly Cell[]): Markup => html`<tr>${cells.map(cellOf)}</tr>\n`
  const open = rows.length <= MOST_UNFOLDED ? html` open` : null
  return html`<details class="table"${open}>
<summary>${format.words.table(title)}</summary>
<div class="scroll" role="region" tabindex="0" aria-label="${title}">
<table>
<caption>${title}</caption>
<thead>
<tr>${head}</tr>
</thead>
<tbody>
${rows.map(line)}</tbody>${
    foot
      ? html`
<tfoot>
${line(foot)}</tfoot>`
      : null
  }
</table>
</div>
</details>
`
}

function cellOf(cell: Cell, n: number): Markup {
  const { text, class: name } = typeof cell === 'string' ? { text: cell, class: '' } : cell
  if (n === 0) return html`<th scope="row" class="name">${text}</th>`
  return name === '' ? html`<td>${text}</td>` : html`<td class="${name}">${text}</td>`
}
