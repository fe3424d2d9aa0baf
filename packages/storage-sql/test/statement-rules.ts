import { expect } from 'vitest'

/** A family of statements that names no tenant, and how it is told on each engine, under the prefix `pk_`. */
interface Exception {
  readonly family: string
  readonly why: string
  readonly sqlite: readonly RegExp[]
  readonly postgres: readonly RegExp[]
}

/** All there are. Anything else that reads or writes a table names the tenant for each table it touches. */
const EXCEPTIONS: readonly Exception[] = [
  {
    family: 'transactions, locks, and how many rows the last statement hit',
    why: 'touch no table',
    sqlite: [
      /^(begin immediate|commit|rollback)$/,
      /^(rollback to |release )?savepoint "patronkit"$/,
      /^select cast\((total_)?changes\(\) as text\)$/,
    ],
    postgres: [/^select pg_advisory_xact_lock/, /^(rollback to |release )?savepoint "patronkit"$/],
  },
  {
    family: 'schema',
    why: 'DDL, the catalog, and the record of migrations, all of them only in migrate(), drift() and the look before the first call',
    sqlite: [/^(create (unique )?(table|index)|alter table) /, /\b(sqlite_master|pragma_\w+)\b/, /"pk_migration"/],
    postgres: [/^(create (unique )?(table|index|schema)|alter table) /, /pg_catalog\./, /"pk_migration"/],
  },
  {
    family: 'claim',
    why: 'serves the workers of all tenants, queue by queue, and gives the tenant back with each timer',
    sqlite: [
      /^select '1' where exists \(select 1 from "pk_timer" where "queue" = \?/,
      /^select json_group_array\(json_array\("tenant", "queue", "key", .* from "pk_timer" where "queue" = \? /,
      /^with recursive "all" .* from "pk_(timer|event)" where "lane" = "all"."lane"/,
      /^with recursive "step" .* where "lane" = cast\(\? as integer\) and "tenant" > /,
    ],
    postgres: [/^with "lapsed" as materialized \(select \* from \(select "lane", "tenant", "queue", "key"/],
  },
  {
    family: 'nextDue',
    why: 'one instant for the workers of all tenants',
    sqlite: [/^select '\[' \|\| \(+coalesce\(\(select "due_at" as "at" from "pk_timer" where "queue" = \?/],
    postgres: [/^select array_to_json\(array\[to_json\(\(select "due_at" as "at" from "pk_timer" where "queue" = /],
  },
  {
    family: 'feed',
    why: 'gives events their positions lane by lane, and reads them for consumers of all tenants; the tenant comes with each event',
    sqlite: [
      /^select '1' from "pk_event" where "position" is null/,
      /^insert into "pk_lane"/,
      /^update "pk_event" as "e" set "position"/,
      /^select json_group_array\(json_array\("lane", "at"/,
      /^select json_group_array\(json_array\("position", "tenant", .* where "lane" = /,
    ],
    postgres: [
      /^select '1' from "pk_event" where "position" is null/,
      /^insert into "pk_lane"/,
      /^select coalesce\(json_agg\("lane"\)/,
      /^with "new" as materialized/,
      /^select \(coalesce\(json_agg\(json_build_array\("lane", "at"/,
    ],
  },
  {
    family: 'health',
    why: 'counts what is parked, waiting and behind over all tenants',
    sqlite: [/^select '\[' \|\| \(+coalesce\(\(select count\(\*\) from "pk_timer" where "parked"/],
    postgres: [/^select array_to_json\(array\[to_json\(\(select count\(\*\) from "pk_timer" where "parked"/],
  },
  {
    family: 'advance',
    why: 'a consumer serves all tenants',
    sqlite: [/^(insert into|update) "pk_consumer"/],
    postgres: [/^(insert into|update) "pk_consumer"/],
  },
]

/**
 * Statements that may insert into a table twice, or update it twice: on Postgres a commit whose units write rows of one
 * table in several ways (an insert and a put, changes of different columns) does it all in one. PostgreSQL allows that
 * for different rows; CockroachDB does not. Commits of one way a table, the commonest, keep to the rule. A lone unit on one
 * head begins with `open`, any other with `g0`.
 */
const SEVERAL_WAYS = { sqlite: null, postgres: /"(g0|open)" as \(/ } as const

const NAMES_TENANT = {
  sqlite: /\bwhere "tenant" = \?|^insert into "\w+" \("tenant", /g,
  postgres: /"tenant" = \$\d+|"t"\."tenant" = "w"\."tenant"|insert into "\w+" (as "t" )?\([^)]*"tenant"/g,
}

/** Statements by what they say: one line, and no schema. */
export const plainText = (text: string): string => text.replace(/\s+/g, ' ').replace(/"[^".]+"\."pk_/g, '"pk_')

/**
 * Holds the statements that a run of the suite has seen to the rules: the tenant for each table, at most one INSERT and one
 * UPDATE of a table in a statement, and no exception that nothing needs.
 */
export function checkStatements(engine: 'sqlite' | 'postgres', seen: ReadonlySet<string>): void {
  const texts = [...seen].map(plainText)
  expect(texts.length).toBeGreaterThan(60)
  const exceptions = EXCEPTIONS.flatMap((family) => family[engine])
  const several = texts.filter((text) => Object.values(writesOf(text)).some((found) => found > 1))
  expect(several.filter((text) => !SEVERAL_WAYS[engine]?.test(text))).toEqual([])
  expect(several.length > 0, 'statements that write a table in several ways').toBe(SEVERAL_WAYS[engine] !== null)
  for (const text of texts) {
    if (exceptions.some((pattern) => pattern.test(text))) continue
    const tables = text.match(/\b(from|into|update) "pk_\w+"/g)?.length ?? 0
    // what was inserted is found again by its key, which has the tenant as well
    const tenants = text.replace(/join "g\d+" as "t" on "t"."tenant" = "w"."tenant"/g, '').match(NAMES_TENANT[engine])
    expect(tables, text).toBeGreaterThan(0)
    expect(tenants?.length, text).toBe(tables)
  }
  for (const pattern of exceptions) {
    expect(
      texts.some((text) => pattern.test(text)),
      `${pattern} is of use`,
    ).toBe(true)
  }
}

/** How often a statement inserts into each table and updates it. */
function writesOf(text: string): { readonly [what: string]: number } {
  const counts: { [what: string]: number } = {}
  for (const [what] of text.matchAll(/\b(insert into|update) "pk_\w+"/g)) counts[what] = (counts[what] ?? 0) + 1
  return counts
}
