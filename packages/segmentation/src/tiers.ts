import './refusals.ts'

export { type MigrationMatrix, migrationMatrix } from './tiers/migration.ts'
export { type NaturalBreaks, naturalBreaks } from './tiers/natural-breaks.ts'
export { type QuantileType, quantiles } from './tiers/quantile.ts'
export {
  type NamedScores,
  type Order,
  RFM_SEGMENTS,
  type RfmCuts,
  type RfmFigures,
  type RfmOptions,
  type RfmScore,
  type RfmTable,
  rfm,
  rfmFigures,
} from './tiers/rfm.ts'
export { nextStanding, type Standing, type Tier, tierOf } from './tiers/tier.ts'
