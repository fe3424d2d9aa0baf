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
  { key: ['command', 'key'], subject: ['command', 'key'] },
)

/** What core itself keeps beside the work tables (head, event, timer, lane, consumer), which every engine has built in. */
export const coreSchema: PackageSchema = {
  package: 'core',
  tables: [definitions, commandKeys],
  migrations: [{ id: 1, about: 'definitions, command keys', steps: [{ addTable: definitions }, { addTable: commandKeys }] }],
}
