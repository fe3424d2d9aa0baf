import { finite, listOf } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** A raw value and the score it gets. */
export type CurvePoint = readonly [raw: number, score: number]

/** Straight between the points, level before the first and behind the last. Raw values must rise. */
export function onCurve(points: readonly CurvePoint[]): (value: number) => number {
  const given = listOf(points, 'points', 1) as readonly CurvePoint[]
  given.forEach(([raw, score], at) => {
    finite(raw, `points.${at}.0`)
    finite(score, `points.${at}.1`)
    if (at > 0 && raw <= given[at - 1]![0])
      throw wrong(`points.${at}.0`, `is ${raw}, not above the point before`, 'Sort the points by raw value.')
  })
  return (value) => {
    let at = 0
    while (at < given.length && given[at]![0] <= value) at++
    if (at === 0) return given[0]![1]
    if (at === given.length) return given[at - 1]![1]
    const [[x0, y0], [x1, y1]] = [given[at - 1]!, given[at]!]
    return y0 + ((value - x0) / (x1 - x0)) * (y1 - y0)
  }
}

/** A name for scores from `from` up, such as gold from 90. */
export interface Band {
  readonly id: string
  readonly from: number
}

/** The highest band whose start is reached; null below all of them. */
export function bandOf(i: { readonly score: number; readonly bands: readonly Band[] }): string | null {
  const score = finite(i.score, 'score')
  let best: Band | undefined
  for (const band of i.bands) if (finite(band.from, `bands.${band.id}`) <= score && (!best || band.from > best.from)) best = band
  return best?.id ?? null
}
