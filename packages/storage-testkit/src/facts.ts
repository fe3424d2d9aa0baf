import type { Read, Storage, Unit, UnitAnswer } from '@patronkit/core/storage'
import { same } from './check.ts'
import { sampleSchema } from './sample.ts'

/** A test runner's function: takes a name and what to run. */
export type Test = (name: string, run: () => Promise<void>) => unknown

/** What an engine can do beyond what every engine must. */
export interface Capabilities {
  /** Whether `schema.sql()` prints DDL. Default: false. */
  readonly ddl?: boolean
  /** Whether claims at the same moment pass over what another is taking. Default: true. */
  readonly skipLocked?: boolean
}

/** Whether an engine has a capability. */
export const has = (capabilities: Capabilities, which: keyof Capabilities): boolean => capabilities[which] ?? DEFAULTS[which]

const DEFAULTS: Required<Capabilities> = { ddl: false, skipLocked: true }

/** What the facts are checked with. */
export interface Bench {
  /**
   * Adds a fact; the storage is new, empty, migrated and closed afterwards. One that needs a capability is left out, and
   * the suite says so, where the engine lacks it.
   */
  readonly fact: (name: string, run: (storage: Storage) => Promise<void>, needs?: keyof Capabilities) => void
  readonly seed: number
}

/** A group of facts about one part of the port. */
export type Facts = (bench: Bench) => void

/** Prepares a storage for the suite: its package declared and its tables there. */
export async function prepared(storage: Storage): Promise<Storage> {
  storage.declare(sampleSchema)
  await storage.schema.migrate()
  return storage
}

/** One read. */
export const readOne = async (storage: Storage, read: Read, tenant = 'acme'): Promise<unknown> => (await storage.read(tenant, [read]))[0]

/** Commits units that have to go through. */
export async function done(storage: Storage, ...units: readonly Unit[]): Promise<void> {
  const answers = await storage.commit(units)
  same(
    answers,
    units.map((): UnitAnswer => ({ outcome: 'done' })),
    'every unit goes through',
  )
}
