import { figure } from '../../../tooling/figure.ts'

/** 1,000 runs a property every day, 20,000 in the deep run; PATRONKIT_SEED repeats a failure, whose seed fast-check prints. */
export const settings = {
  numRuns: process.env.PATRONKIT_DEEP ? 20_000 : 1_000,
  ...(process.env.PATRONKIT_SEED ? { seed: Number(process.env.PATRONKIT_SEED) } : {}),
}

figure('random calendars for each law of working time', settings.numRuns, 'calendars')

/** The deep run walks twenty times as far. */
export const patience = process.env.PATRONKIT_DEEP ? 1_200_000 : 120_000
