import { DAY, HOUR, MINUTE, SECOND } from '@patronkit/core/service'

/** The offsets of one zone, known for the spans asked so far. */
export interface Zone {
  /** Makes [from, to) known; the other functions answer for known instants only. */
  cover(from: number, to: number): void
  /** Local time minus UTC, in ms. Old dates have offsets of odd seconds (Africa/Monrovia until 1972: −00:44:30). */
  offsetAt(at: number): number
  /**
   * The instant of a wall instant. A time that a gap skips moves forward by the gap's length; a repeated time is its first
   * occurrence. This is `disambiguation: 'compatible'` of Temporal and RFC 5545, section 3.3.5.
   */
  resolve(wall: number): number
}

/**
 * Offsets are compared this far apart, and a difference is bisected to its second. The step must stay below the shortest
 * time for which a zone leaves an offset and comes back: 7 days less an hour (America/Recife, October 2000; Asia/Gaza 2040)
 * over all zones of tzdata 2026c.
 */
const STEP = 6 * DAY

/** @throws RangeError for a name that the runtime's zone data does not have */
export function openZone(name: string): Zone {
  const offsetOf = offsetReader(name)
  // Segment i begins at starts[i] and has offsets[i]; two neighbours differ.
  let starts: number[] = []
  let offsets: number[] = []
  let from = 0
  let to = 0

  function cover(wantFrom: number, wantTo: number): void {
    const first = Math.floor(wantFrom / STEP) * STEP
    const last = Math.ceil(wantTo / STEP) * STEP
    if (starts.length === 0) {
      from = first
      to = first
      starts.push(first)
      offsets.push(offsetOf(first))
    }
    if (last > to) {
      scan(to, last, starts, offsets)
      to = last
    }
    if (first < from) {
      const [before, beforeOffsets] = [[first], [offsetOf(first)]]
      scan(first, from, before, beforeOffsets)
      // The segment that was first began at the old edge, not at a transition.
      const same = beforeOffsets.at(-1) === offsets[0]
      starts = before.concat(same ? starts.slice(1) : starts)
      offsets = beforeOffsets.concat(same ? offsets.slice(1) : offsets)
      from = first
    }
  }

  function scan(first: number, last: number, intoStarts: number[], intoOffsets: number[]): void {
    let offset = intoOffsets.at(-1)!
    let known = first
    for (let next = first + STEP; next <= last; next += STEP) {
      const nextOffset = offsetOf(next)
      while (offset !== nextOffset) {
        let [same, other] = [known, next]
        while (other - same > SECOND) {
          const middle = same + Math.floor((other - same) / 2 / SECOND) * SECOND
          if (offsetOf(middle) === offset) same = middle
          else other = middle
        }
        known = other
        offset = offsetOf(other)
        intoStarts.push(other)
        intoOffsets.push(offset)
      }
      known = next
    }
  }

  function offsetAt(at: number): number {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= at) low = middle
      else high = middle
    }
    return offsets[low]!
  }

  function resolve(wall: number): number {
    // The first segment whose local end lies after the wall instant holds its first occurrence, or follows the gap it is in.
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (wall < starts[middle + 1]! + offsets[middle]!) high = middle
      else low = middle + 1
    }
    const inGap = low > 0 && wall < starts[low]! + offsets[low]!
    return wall - offsets[inGap ? low - 1 : low]!
  }

  return { cover, offsetAt, resolve }
}

/**
 * Reads offsets from the runtime's zone data, to the second. (@date-fns/tz 1.5 gives Africa/Monrovia +44.5 minutes before
 * 1972, the wrong sign, so the text is read here.)
 */
function offsetReader(name: string): (at: number) => number {
  const { format } = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  const read = new Map<string, number>()
  return (at) => {
    const text = format(at)
    const offset = text.slice(text.indexOf('GMT') + 3)
    let ms = read.get(offset)
    if (ms === undefined) {
      const [hours, minutes, seconds] = offset.slice(1).split(':').map(Number)
      ms = (offset[0] === '-' ? -1 : 1) * ((hours || 0) * HOUR + (minutes ?? 0) * MINUTE + (seconds ?? 0) * SECOND)
      read.set(offset, ms)
    }
    return ms
  }
}

/** Making a format takes some hundred times as long as remembering that it worked. */
const zonesSeen = new Set<string>()
const MOST_ZONES = 1_000

/** True for a zone of the IANA database. Bare offsets such as `+01:00` know no summer time and are not zones. */
export function isZone(name: string): boolean {
  if (zonesSeen.has(name)) return true
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    if (zonesSeen.size < MOST_ZONES) zonesSeen.add(name)
    return true
  } catch {
    return false
  }
}
