/** What the host may call its schema and prefix, as errors say it. */
export const NAMES = 'use at most 60 visible ASCII signs without a dot, and none of the names that the engine keeps for itself'

/** Names of the host are quoted wherever they stand; a dot parts a schema from its table. */
export const isPlainName = (name: string, least: 0 | 1): boolean => name.length >= least && /^[!-\-/-~]{0,60}$/.test(name)
