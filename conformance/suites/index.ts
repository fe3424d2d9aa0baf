import type { Suite } from '../runner.ts'
import { businessTime } from './business-time.ts'
import { kpiScoring } from './kpi-scoring.ts'
import { loyaltyPoints } from './loyalty-points.ts'
import { segmentation } from './segmentation.ts'
import { slaTimelines } from './sla-timelines.ts'

/** Every suite that `pnpm conformance` can answer. A package adds one file beside this and one line here. */
export const suites: readonly Suite[] = [businessTime, slaTimelines, kpiScoring, loyaltyPoints, segmentation]
