import { figure } from '../../../tooling/figure.ts'

/** 500 random histories for a law every day, 10,000 in the deep run; PATRONKIT_SEED repeats a failure, whose seed fast-check prints. */
export const check = {
  numRuns: process.env.PATRONKIT_DEEP ? 10_000 : 500,
  seed: process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31,
}

figure('random command histories for each law of the points ledger', check.numRuns, 'histories')

/** The deep run walks twenty times as far. */
export const patience = process.env.PATRONKIT_DEEP ? 2_400_000 : 120_000
