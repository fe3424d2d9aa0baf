import './refusals.ts'

export { cohensKappa, fleissKappa, krippendorffAlpha, type Rating, type RatingLevel } from './people/agreement.ts'
export { calibrate, forcedDistribution, type Grade, type TeamScore } from './people/calibration.ts'
export { rankCorrelation } from './people/correlation.ts'
export { atkinson, type Inequality, inequality } from './people/inequality.ts'
export { type KeyResult, type Objective, objectiveProgress, type Progress } from './people/okr.ts'
export {
  type QualityAnswers,
  type QualityForm,
  type QualityLine,
  type QualityQuestion,
  type QualityScore,
  type QuestionAgreement,
  qualityAgreement,
  qualityScore,
  sampleContacts,
} from './people/quality.ts'
export { rank, type Ties } from './people/rank.ts'
