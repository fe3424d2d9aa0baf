import { PatronkitError } from '@patronkit/core'

declare global {
  interface PatronkitErrorDetails {
    'storage/not-migrated': { readonly engine: string }
    'storage/newer-schema': { readonly engine: string; readonly package: string; readonly steps: readonly number[] }
    'storage/text-not-storable': { readonly where: string }
    'storage/wrong-type': { readonly where: string; readonly expected: string }
    'storage/undeclared-table': { readonly table: string }
    'storage/bad-schema': { readonly package: string }
    'storage/wrong-dialect': { readonly expected: string; readonly got: string }
    'storage/no-driver': { readonly driver: string }
    'storage/no-own-transaction': { readonly engine: string }
    'storage/not-in-sql': { readonly engine: string; readonly path: string; readonly what: string }
    'storage/connection-in-transaction': { readonly engine: string }
  }
}

/** The tables or columns of a statement are not in the database yet. */
export const notMigrated = (engine: string, cause: unknown) =>
  new PatronkitError({
    code: 'storage/not-migrated',
    message: `the ${engine} database lacks a table or column of a declared package. Run storage.schema.migrate() after all packages are declared.`,
    details: { engine },
    cause,
  })

/** A newer version of a package has changed the database in a way that this one must not write beside. */
export const newerSchema = (engine: string, of: string, steps: readonly number[]) =>
  new PatronkitError({
    code: 'storage/newer-schema',
    message: `the ${engine} database has the breaking step${steps.length > 1 ? 's' : ''} ${steps.join(', ')} of package ${of}, which this version of it does not know. Deploy the version that applied ${steps.length > 1 ? 'them' : 'it'}.`,
    details: { engine, package: of, steps },
  })

/** An insert hit a key that is there. */
export const rowExists = (table: string, cause?: unknown) =>
  new PatronkitError({
    code: 'storage/row-exists',
    message: `a row of ${table} is there already. Decide on rows that were read under the same head.`,
    details: { table },
    cause,
  })

/** A change or a removal found no row. */
export const rowMissing = (table: string) =>
  new PatronkitError({
    code: 'storage/row-missing',
    message: `a row of ${table} is not there. Decide on rows that were read under the same head.`,
    details: { table },
  })

/** A number that is no safe integer, on its way in or out. */
export const outOfRange = (where: string, value: unknown) =>
  new PatronkitError({
    code: 'storage/integer-out-of-range',
    message: `${where} cannot hold ${String(value)}. Stay within ±9007199254740991, without a fraction.`,
    details: { where, value: String(value) },
  })

/** A text that not every engine keeps as it is. */
export const textNotStorable = (where: string) =>
  new PatronkitError({
    code: 'storage/text-not-storable',
    message: `${where} was given a text with U+0000 or half a surrogate pair, which no SQL engine keeps faithfully. Clean it at your edge.`,
    details: { where },
  })

/** A value of another type than its column. */
export const wrongType = (where: string, expected: string) =>
  new PatronkitError({
    code: 'storage/wrong-type',
    message: `${where} was given a value that is not of type ${expected}. Give a value of the declared type.`,
    details: { where, expected },
  })

/** A table no declared package has. */
export const undeclaredTable = (table: string) =>
  new PatronkitError({
    code: 'storage/undeclared-table',
    message: `no declared package has a table ${table}. Call storage.declare(schema) with its package before first use.`,
    details: { table },
  })

/** A column its table does not have, or a key column where a change may not name one. */
export const unknownColumn = (table: string, column: string) =>
  new PatronkitError({
    code: 'storage/unknown-column',
    message: `${table} has no column "${column}" that could stand here. Use a declared column; a change names no key column.`,
    details: { table, column },
  })

/** A declaration the engine cannot build. */
export const badSchema = (of: string, why: string) =>
  new PatronkitError({
    code: 'storage/bad-schema',
    message: `the schema of package ${of} was refused: ${why}.`,
    details: { package: of },
  })

/** The host's session speaks another dialect than the storage. */
export const wrongDialect = (expected: string, got: string) =>
  new PatronkitError({
    code: 'storage/wrong-dialect',
    message: `the session speaks ${got} and the storage ${expected}. Join a transaction of the database the storage is for.`,
    details: { expected, got },
  })

/** Our own transaction was to begin on a connection that has one open. */
export const connectionInTransaction = (engine: string, cause: unknown) =>
  new PatronkitError({
    code: 'storage/connection-in-transaction',
    message: 'the connection given to the storage has an open transaction. Call the service with .in(session) inside your transaction.',
    details: { engine },
    cause,
  })

/** A driver that this platform does not have. */
export const noDriver = (driver: string) =>
  new PatronkitError({
    code: 'storage/no-driver',
    message: `${driver} is not there: an embedded database file needs Node 22.13 or newer. Use that, or give a connection of yours.`,
    details: { driver },
  })

/** The storage was given a session that is in a transaction of the host, or cannot begin one. */
export const noOwnTransaction = (engine: string) =>
  new PatronkitError({
    code: 'storage/no-own-transaction',
    message:
      'the connection given to the storage cannot begin a transaction. Give it your pool or database, and keep a client for .in(session).',
    details: { engine },
  })

/** The database stayed locked longer than its busy timeout. */
export const busy = (cause: unknown) =>
  new PatronkitError({
    code: 'core/busy',
    message: 'the database was held by other writers. Call again, or let a writer wait longer.',
    details: { attempts: 1 },
    retryable: 'command',
    cause,
  })

/** The engine gave up the host's transaction: it was not begun as a writer, or waited too long. */
export const hostTransactionAborted = (engine: string, cause: unknown) =>
  new PatronkitError({
    code: 'core/host-transaction-aborted',
    message: `${engine} gave your transaction up because of another writer. Repeat it as a whole with retrying(); on SQLite begin it IMMEDIATE.`,
    details: { engine },
    retryable: 'whole-transaction',
    cause,
  })

/** A question about the host's tables has a part without an exact answer in SQL. */
export const notInSql = (engine: string, path: string, what: string) =>
  new PatronkitError({
    code: 'storage/not-in-sql',
    message: `${path || 'the rule'}: ${what} has no exact answer on ${engine}. Ask for candidates and decide on them in memory, or leave it out.`,
    details: { engine, path, what },
  })
