import type { Storage } from '@patronkit/core/storage'
import { columnFacts } from './column-facts.ts'
import { conditionFacts } from './condition-facts.ts'
import { eventFacts } from './event-facts.ts'
import { type Capabilities, type Facts, has, prepared, type Test } from './facts.ts'
import type { FastCheck } from './fast-check.ts'
import { feedFacts } from './feed-facts.ts'
import { guardFacts } from './guard-facts.ts'
import { modelFact } from './model.ts'
import { readFacts } from './read-facts.ts'
import { schemaFacts } from './schema-facts.ts'
import { tenantFacts } from './tenant-facts.ts'
import { timerFacts } from './timer-facts.ts'
import { transactionFacts } from './transaction-facts.ts'
import { unitFacts } from './unit-facts.ts'
import { upkeepFacts } from './upkeep-facts.ts'

/** What the suite is run with. */
export interface SuiteOptions {
  /** The engine's name, for the names of the tests. */
  readonly name: string
  /** Your runner's function: vitest's `test` or node:test's `test` fit as they are. */
  readonly test: Test
  /** A new and empty storage for each test. */
  readonly engine: () => Promise<Storage>
  readonly capabilities?: Capabilities
  /** Hears, a line each, what a lacking capability leaves out. Default: the console. */
  readonly print?: (line: string) => void
  /** Repeats the random parts. Default: another one each run; it stands in the names of the tests. */
  readonly seed?: number
  /** Adds the random comparison of whole histories with another engine. */
  readonly model?: ModelOptions
}

/** The comparison with an engine that is known to be right. */
export interface ModelOptions {
  /** The module `fast-check`. */
  readonly fc: FastCheck
  readonly reference: () => Promise<Storage>
  /** How many histories. Default: 50. */
  readonly runs?: number
  /** An empty storage for each history, such as one that was emptied. Default: a new one. */
  readonly engine?: () => Promise<Storage>
}

const FACTS: readonly Facts[] = [
  readFacts,
  conditionFacts,
  columnFacts,
  unitFacts,
  guardFacts,
  eventFacts,
  timerFacts,
  feedFacts,
  transactionFacts,
  upkeepFacts,
  tenantFacts,
  schemaFacts,
]

/** The facts every storage engine has to fulfil, as tests of your runner. */
export function storageSuite(o: SuiteOptions): void {
  const seed = o.seed ?? Math.floor(Math.random() * 2 ** 31)
  const print = o.print ?? ((line) => console.info(line))
  const fact = (name: string, run: (storage: Storage) => Promise<void>, needs?: keyof Capabilities) => {
    if (needs && !has(o.capabilities ?? {}, needs)) return print(`${o.name}: left out without the capability ${needs}: ${name}`)
    o.test(`${o.name}: ${name}`, async () => {
      const storage = await prepared(await o.engine())
      try {
        await run(storage)
      } finally {
        await storage.close()
      }
    })
  }
  for (const facts of FACTS) facts({ fact, seed })
  if (o.model) modelFact({ engine: o.engine, ...o.model, test: o.test, name: o.name, seed })
}
