/** What Postgres' catalog is asked. All of it answers one text, and names with a schema come apart at the first dot. */
interface Asked {
  readonly text: string
  readonly params: readonly string[]
}

const relation = (kinds: string) => `(select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1::text and c.relname = $2::text and c.relkind in (${kinds}))`

const RELATION = relation(`'r', 'p'`)
const VIEW = relation(`'v'`)

const asked = (text: string) => {
  const line = text.replace(/\s+/g, ' ').trim()
  return (table: string): Asked => {
    const dot = table.indexOf('.')
    return { text: line, params: [table.slice(0, dot), table.slice(dot + 1)] }
  }
}

/** Whether a table is there. */
export const hasTable = asked(`select '1' where exists ${RELATION}`)

const TYPE = `pg_catalog.format_type(a.atttypid, a.atttypmod) || coalesce((select ' collate "' || l.collname || '"'
  from pg_catalog.pg_collation l where l.oid = a.attcollation and l.collname <> 'default'), '')`

/** `[name, type, required, place in the key]` of each column; a text's collation is part of its type. */
export const columnsOf = asked(`
  select coalesce(json_agg(json_build_array(a.attname,
    ${TYPE},
    a.attnotnull,
    coalesce((select k.place from pg_catalog.pg_index i, unnest(i.indkey) with ordinality as k(attnum, place)
      where i.indrelid = a.attrelid and i.indisprimary and k.attnum = a.attnum), 0)
  ) order by a.attnum), '[]'::json)::text
  from pg_catalog.pg_attribute a where a.attrelid = ${RELATION} and a.attnum > 0 and not a.attisdropped`)

/** `[name, columns]` of each index but the key's. */
export const indexesOf = asked(`
  select coalesce(json_agg(json_build_array(c.relname,
    (select json_agg(a.attname order by k.place) from unnest(i.indkey) with ordinality as k(attnum, place)
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum)
  )), '[]'::json)::text
  from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
  where i.indrelid = ${RELATION} and not i.indisprimary`)

/** The columns of a view with their types. Its text is the server's own wording, which a newer server may change. */
export const viewOf = asked(`
  select json_build_object('columns', json_agg(json_build_array(a.attname, ${TYPE}) order by a.attnum))::text
  from pg_catalog.pg_attribute a where a.attrelid = ${VIEW} and a.attnum > 0 having count(*) > 0`)
