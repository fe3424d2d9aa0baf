import { instant, integer, json, type PackageSchema, table, text } from './table.ts'

/** Published definitions: every version of every kind, one row a version. */
export const definitions = table(
  'definition',
  { kind: text(), id: text(), version: integer(), hash: text(), effective_from: instant(), published_at: instant(), body: json() },
  { key: ['kind', 'id', 'version'], subject: ['kind', 'id'] },
)

/** What core itself keeps beside the work tables (head, event, timer, lane, consumer), which every engine has built in. */
export const coreSchema: PackageSchema = {
  package: 'core',
  tables: [definitions],
  migrations: [{ id: 1, about: 'definitions', steps: [{ addTable: definitions }] }],
}
