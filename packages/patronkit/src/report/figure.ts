import { html, type Markup } from './markup.ts'
import { type Chart, svgOf } from './svg.ts'

/** A chart on a page; apart from the page, since not every page has one and charts bring a large library. */
export const figure = (chart: Chart, note: string | null): Markup =>
  html`<figure>
<div class="scroll" role="region" tabindex="0" aria-label="${chart.title}">
${svgOf(chart)}
</div>${note === null ? null : html`<figcaption>${note}</figcaption>`}
</figure>
`
