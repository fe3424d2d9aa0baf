export { checkAgreements } from './agreements/check.ts'
export type { AgreementCheck, AgreementQuestion, Share } from './agreements/model.ts'
export { explainAgreement } from './agreements/words.ts'
