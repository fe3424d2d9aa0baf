import { compareText } from '@patronkit/core/storage'
import { type Estimate, estimateMembers } from './needs/sample.ts'
import { bucketOf } from './rules/bucket.ts'
import type { PartCount } from './rules/explain.ts'

/** To ask some instead of everybody: quicker, and every number comes with its bounds. */
export interface Sample {
  /** How many customers. */
  readonly size: number
  /** Who is in the sample follows from it and the id by a hash: the same on every machine. Default: `preview`. */
  readonly seed?: string | undefined
  /** How often the bounds hold, 0.95 unless said otherwise. */
  readonly confidence?: number | undefined
}

/** The sample behind an answer. */
export interface Sampled {
  readonly asked: number
  readonly of: number
  readonly seed: string
  readonly confidence: number
}

export interface Bounds {
  readonly low: number
  readonly high: number
}

/** Takes those with the lowest hashes of all that it is shown, in whatever order they come; `taken` by id. */
export interface Sampler<T> {
  show(id: string, value: T): void
  taken(): readonly T[]
  sampled(): Sampled
}

export function sampler<T>({ size, seed = 'preview', confidence = 0.95 }: Sample): Sampler<T> {
  let shown = 0
  let kept: { readonly id: string; readonly bucket: number; readonly value: T }[] = []
  let most = Number.POSITIVE_INFINITY
  const cut = () => {
    kept = kept.sort((a, b) => a.bucket - b.bucket || compareText(a.id, b.id)).slice(0, size)
    if (kept.length === size) most = kept.at(-1)!.bucket
  }
  return {
    show: (id, value) => {
      shown++
      const bucket = bucketOf(seed, id)
      if (bucket > most) return
      kept.push({ id, bucket, value })
      if (kept.length >= 2 * size) cut()
    },
    taken: () => {
      cut()
      return kept.toSorted((a, b) => compareText(a.id, b.id)).map(({ value }) => value)
    },
    sampled: () => ({ asked: Math.min(size, shown), of: shown, seed, confidence }),
  }
}

/** What a count in a sample says of everybody. */
export const estimate = (matched: number, { asked, of, confidence }: Sampled): Estimate =>
  of === 0 ? { members: 0, low: 0, high: 0 } : estimateMembers({ matched, sampled: asked, of, confidence })

/** What each part of a rule keeps and drops, told from a sample. */
export function estimateParts(part: PartCount, sample: Sampled): PartCount {
  const [came, kept, dropped] = [part.came, part.kept, part.dropped].map((count) => estimate(count, sample))
  return {
    ...part,
    came: came!.members,
    kept: kept!.members,
    dropped: dropped!.members,
    bounds: { came: boundsOf(came!), kept: boundsOf(kept!), dropped: boundsOf(dropped!) },
    children: part.children.map((child) => estimateParts(child, sample)),
  }
}

export const boundsOf = ({ low, high }: Estimate): Bounds => ({ low, high })
