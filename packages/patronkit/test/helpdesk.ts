import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkDefinitions } from '../src/commands/definitions.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The real log lies beside the checkout where it is available at all; it is never part of the project. */
export const REAL_LOG = here('../../../../shared/data/helpdesk/helpdesk.csv')
export const hasRealLog = existsSync(REAL_LOG)

const json = (name: string): unknown => JSON.parse(readFileSync(here(`../../../examples/helpdesk/${name}.json`), 'utf8'))
export const rulesOfHelpdesk = () => ({ mapping: json('mapping'), policy: json('policy'), calendar: json('calendar') })
export const helpdesk = () => checkDefinitions(rulesOfHelpdesk())
