import type { MaybePromise, Session } from './port.ts'

/** What a column of the host's holds; see {@link HostColumn}. */
export type HostType = 'text' | 'integer' | 'decimal' | 'number' | 'boolean' | 'instant' | 'date'

/** A column of a table or view of the host's, as questions name it. */
export interface HostColumn {
  readonly column: string
  readonly type: HostType
  /** Digits behind the point of a decimal. */
  readonly scale?: number
  /** Instants: `milliseconds` or `timestamp`; decimals: `decimal` or `minor`, an integer of the smallest unit. */
  readonly stored?: 'milliseconds' | 'timestamp' | 'decimal' | 'minor'
}

/** A table or view of the host's: read only, never migrated, never part of a commit. */
export interface HostTable {
  /** `table` or `schema.table`. */
  readonly table: string
  readonly tenant: string
}

export type HostOrder = 'lt' | 'lte' | 'gt' | 'gte'
/** Texts and days as they are, instants in milliseconds, decimals in their column's smallest unit. */
export type HostValue = string | number | boolean

/** A fold over the rows of one group, compared. A sum of nothing is 0; a least, greatest or average of nothing is missing. */
export interface HostFold {
  readonly fold: 'count' | 'sum' | 'average' | 'min' | 'max' | 'distinct'
  /** Left out for `count`. */
  readonly of?: HostColumn
  /** Only these rows of the group. */
  readonly where?: HostCondition
  readonly is: HostOrder | 'eq' | 'ne'
  /** Of an average: in hundredths of the column's smallest unit. */
  readonly value: HostValue
}

/** Rows of another table that belong to a row. */
export interface HostLink {
  readonly table: HostTable
  /** The column there that holds this row's `to`. */
  readonly link: HostColumn
  readonly to: HostColumn
}

/**
 * A question about rows of the host's, closed over everything it needs: the engine answers it exactly, or says that it cannot.
 * Two-valued: what looks at a missing value is false, and `not` is the exact complement.
 */
export type HostCondition =
  | { readonly op: 'all' | 'any'; readonly of: readonly HostCondition[] }
  | { readonly op: 'not'; readonly of: HostCondition }
  | { readonly op: 'missing'; readonly column: HostColumn }
  | { readonly op: HostOrder | 'eq' | 'ne'; readonly column: HostColumn; readonly value: HostValue }
  | { readonly op: 'in'; readonly column: HostColumn; readonly values: readonly HostValue[] }
  | { readonly op: 'contains' | 'startsWith' | 'endsWith'; readonly column: HostColumn; readonly value: string }
  /** The pattern as pieces: a text, `?` for one character, `*` for any text. */
  | { readonly op: 'like'; readonly column: HostColumn; readonly pieces: readonly ({ readonly text: string } | '?' | '*')[] }
  | { readonly op: 'score'; readonly parts: readonly { readonly weight: number; readonly when: HostCondition }[]; readonly atLeast: number }
  /** Some group of rows that belong to this one: all that hold `where`, folded. Without a row there is no group. */
  | ({ readonly op: 'grouped'; readonly where: HostCondition; readonly having: readonly HostFold[] } & HostLink)
  /** In at least so many stretches of `width` before `before` (itself not included) there are at least `times` rows. */
  | ({
      readonly op: 'regular'
      readonly where: HostCondition
      readonly at: HostColumn
      readonly before: number
      readonly width: number
      readonly times: number
      readonly atLeast: number
    } & HostLink)
  /** Rows one after the other: each later than the one before by `after` at least and `within` at most, in milliseconds. */
  | ({
      readonly op: 'sequence'
      readonly at: HostColumn
      readonly steps: readonly { readonly where: HostCondition; readonly after?: number; readonly within?: number }[]
    } & HostLink)
  /** What SQL cannot answer exactly; `bound` holds wherever it does. `path` says where it stands in what the host wrote. */
  | { readonly op: 'unknown'; readonly path: string; readonly what: string; readonly bound?: HostCondition }

/** Which rows of a tenant are asked for. */
export interface HostQuestion {
  readonly tenant: string
  readonly table: HostTable
  /** The column that names a row; text. */
  readonly key: HostColumn
  readonly where: HostCondition
}

/** What a summary tells of each group, beside how many rows it has. `of` is null where every row counts 1. */
export type HostTold =
  | { readonly told: 'count' }
  | { readonly told: 'sum' | 'min' | 'max'; readonly of: HostColumn | null }
  /** The values at places in order, from 1 up: (count × `times` + `plus`) / `over`, without its fraction. */
  | {
      readonly told: 'ranked'
      readonly of: HostColumn | null
      readonly places: readonly { readonly times: number; readonly plus: number; readonly over: number }[]
    }
  /** The sum of the last value of each `per`; of two at one instant that with the greater key. A missing `per` is one of its own. */
  | { readonly told: 'latest'; readonly of: HostColumn | null; readonly per: HostColumn | null; readonly key: HostColumn }
  /**
   * How many rows are followed within so many milliseconds by one of another table that holds `where`, has the same `per` and is
   * alike in everything the rows are told apart by.
   */
  | {
      readonly told: 'followed'
      readonly per: HostColumn | null
      readonly within: number
      readonly next: {
        readonly table: HostTable
        readonly where: HostCondition
        readonly at: HostColumn
        readonly per: HostColumn | null
        readonly by: readonly HostColumn[]
      }
    }

/** Rows of a table, put together by stretches of time and by the values of columns. */
export interface HostSummary {
  readonly tenant: string
  readonly table: HostTable
  readonly where: HostCondition
  readonly at: HostColumn
  /** From the first instant up to the second, in milliseconds. A row counts in every stretch that holds it. */
  readonly stretches: readonly { readonly from: number; readonly to: number }[]
  /** What rows are told apart by: texts, integers, booleans or days. */
  readonly by: readonly HostColumn[]
  readonly tell: HostTold
}

/** What was told of one group; a stretch or group without a row has none. */
export interface HostTotals {
  /** The place of the stretch in the question. */
  readonly stretch: number
  readonly by: readonly (string | number | boolean | null)[]
  readonly count: number
  /** Decimal texts, exact; one for each place of `ranked`, none for `count`. */
  readonly values: readonly string[]
}

/**
 * Reads the host's own tables. Declared here and satisfied by `@patronkit/storage-sql/host`, so that packages which ask know no
 * engine and the engine knows no package.
 */
export interface HostReader {
  readonly engine: 'sqlite' | 'postgres'
  /** The statement of a question, for the host's own use: it answers the keys, or for summaries one JSON text. Refuses what SQL cannot answer exactly. */
  statement(q: HostQuestion | readonly HostSummary[]): { readonly text: string; readonly params: readonly (string | null)[] }
  /** Summaries, all in one statement and so of one state of the database. Refuses what SQL cannot answer exactly. */
  summaries(q: readonly HostSummary[], o?: Pick<HostReading, 'session'>): MaybePromise<readonly (readonly HostTotals[])[]>
  /** What of it has no exact answer in SQL. */
  unknowns(q: HostQuestion): readonly { readonly path: string; readonly what: string }[]
  /** How many rows; with `superset`, how many at most: unknown parts count as true wherever that lets more through. */
  count(q: HostQuestion, o?: HostReading): MaybePromise<number>
  /** Keys by code point, behind `after`. */
  keys(q: HostQuestion, o: HostReading & { readonly after?: string; readonly limit: number }): MaybePromise<readonly string[]>
  /** Rows of a table that belong to these keys: for each, its key first, then the columns asked for. */
  rows(
    i: {
      readonly tenant: string
      readonly table: HostTable
      readonly key: HostColumn
      readonly columns: readonly HostColumn[]
      readonly keys: readonly string[]
    },
    o?: HostReading,
  ): MaybePromise<readonly (readonly (string | number | boolean | null)[])[]>
}

export interface HostReading {
  /** The host's transaction. */
  readonly session?: Session
  readonly superset?: boolean
}
