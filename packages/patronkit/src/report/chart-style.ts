import { colour } from './style.ts'

// What charts of every report have in common: measures, inks, and the legend of a map of fields.
export const WIDTH = 960
export const FONT = { fontFamily: 'inherit', fontSize: 12 }
export const INK = { ...FONT, color: colour('ink') }
export const MUTED = { ...FONT, color: colour('muted') }
export const AXIS = { axisLine: { lineStyle: { color: colour('muted') } }, axisTick: { show: false } }
export const GRID_LINES = { splitLine: { lineStyle: { color: colour('line') } } }
export const LEGEND = { top: 0, left: 'center', itemGap: 24, textStyle: INK, selectedMode: false as const }
export const STILL = { silent: true, emphasis: { disabled: true } }
export const FIELD_EDGE = { borderColor: colour('line'), borderWidth: 1 }

/** The steps below a map of fields; a field's step is the value at `dimension`. */
export const stepsLegend = (dimension: number, steps: readonly { readonly label: string; readonly color: string }[]) => ({
  type: 'piecewise' as const,
  dimension,
  orient: 'horizontal' as const,
  left: 'center',
  bottom: 4,
  itemSymbol: 'rect',
  itemWidth: 22,
  itemGap: 20,
  textStyle: INK,
  selectedMode: false as const,
  pieces: steps.map(({ label, color }, value) => ({ value, label, color })),
})
