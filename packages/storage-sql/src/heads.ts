import type { HeadMove } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { bound, type Fields, int, matching, tenantPick, text } from './fields.ts'
import { HIT } from './rows.ts'
import { type Shape, shapeOf } from './statement.ts'
import { headTable } from './work-tables.ts'

/** The statements on heads. */
export interface HeadShapes {
  /** Answers the version that is there, or nothing. */
  readonly found: Shape<HeadMove>
  /** Writes a head nobody has written; answers nothing when somebody has. */
  readonly insert: Shape<HeadMove>
  /** Moves a head on from the version that was read; answers nothing when it is another. */
  readonly move: Shape<HeadMove>
}

const subject: Fields<HeadMove> = { tenant: tenantPick, kind: text((head) => head.kind), subject: text((head) => head.subject) }

const to: Fields<HeadMove> = {
  version: int((head) => head.to.version),
  last_at: int((head) => head.to.lastAt),
  seq: int((head) => head.to.seq),
  chain: text((head) => head.to.chain),
}

/** Compiles the statements on heads. */
export function headShapes(catalog: Catalog): HeadShapes {
  const { build } = catalog.dialect
  const name = catalog.named(headTable.name)
  const fields = (of: Fields<HeadMove>) => bound(catalog, headTable, of)
  const where = (of: Fields<HeadMove>) => matching(catalog, headTable, of)
  return {
    found: shapeOf(
      build
        .selectFrom(name)
        .where(where(subject))
        .select(sql`cast(${sql.ref('version')} as text)`.as('found'))
        .compile(),
    ),
    insert: shapeOf(
      build
        .insertInto(name)
        .values(fields({ ...subject, ...to }))
        .onConflict((conflict) => conflict.columns([...headTable.key]).doNothing())
        .returning(HIT)
        .compile(),
    ),
    move: shapeOf(
      build
        .updateTable(name)
        .set(fields(to))
        .where(where({ ...subject, version: int((head) => head.from.version) }))
        .returning(HIT)
        .compile(),
    ),
  }
}
