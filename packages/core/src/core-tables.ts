import { instant, integer, json, type PackageSchema, table, text } from './table.ts'

/** Published definitions: every version of every kind, one row a version. */
export const definitions = table(
  'definition',
  { kind: text(), id: text(), version: integer(), hash: text(), effective_from: instant(), published_at: instant(), body: json() },
  { key: ['kind', 'id', 'version'], subject: ['kind', 'id'] },
)

/** Commands that were carried out, by their idempotency keys: hashes of what was asked, and what was answered. */
export const commandKeys = table(
  'command_key',
  { command: text(), key: text(), salt: text(), content: json(), answer: json(), at: instant() },
  { key: ['command', 'key'], subject: ['command', 'key'], indexes: { by_age: ['at'] }, derived: true },
)

/** How far each sweep that is on its way has come. */
export const sweeps = table('sweep', { name: text(), cursor: text(), rows: integer() }, { key: ['name'], subject: ['name'] })

/** What core itself keeps beside the work tables (head, event, timer, lane, consumer), which every engine has built in. */
export const coreSchema: PackageSchema = {
  package: 'core',
  tables: [definitions, commandKeys, sweeps],
  migrations: [
    {
      id: 1,
      about: 'definitions, command keys, places of sweeps',
      steps: [{ addTable: definitions }, { addTable: commandKeys }, { addTable: sweeps }],
    },
  ],
}
