import type { BarSeriesOption, HeatmapSeriesOption, LineSeriesOption } from 'echarts/charts'
import { BarChart, HeatmapChart, LineChart } from 'echarts/charts'
import type { GridComponentOption, LegendComponentOption, VisualMapComponentOption } from 'echarts/components'
import { GridComponent, LegendComponent, VisualMapComponent } from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { html, type Markup, trusted } from './markup.ts'

use([BarChart, HeatmapChart, LineChart, GridComponent, LegendComponent, VisualMapComponent, SVGRenderer])

/** What the charts of the report are made of. */
export type ChartOption = ComposeOption<
  BarSeriesOption | HeatmapSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | VisualMapComponentOption
>

/** A picture that says in words what it shows. */
export interface Chart {
  readonly id: string
  readonly title: string
  readonly describes: string
  readonly width: number
  readonly height: number
  readonly option: ChartOption
}

/** Draws a chart as inline SVG. The same chart gives the same text, however many were drawn before it. */
export function svgOf(chart: Chart): Markup {
  const { id, title, describes, width, height } = chart
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height })
  drawing.setOption({ animation: false, ...chart.option })
  const text = drawing.renderToSVGString({ useViewBox: true })
  drawing.dispose()
  const inside = steady(text, id).replace(/^<svg [^>]*>/, '')
  const names = html`<title id="${id}-title">${title}</title><desc id="${id}-desc">${describes}</desc>`
  const opening = html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">${names}`
  return trusted(opening.markup + inside)
}

/**
 * The renderer numbers its drawings over the life of the process, and marks elements for a script and for pointing at,
 * which the page has not got.
 */
const steady = (svg: string, id: string): string =>
  svg
    .replace(/<style ?>.*?<\/style>/gs, '')
    .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/(id="|url\(#)zr\d+-/g, `$1${id}-`)
