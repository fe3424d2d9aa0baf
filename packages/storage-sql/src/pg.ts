import { type Session, sha256Hex } from '@patronkit/core/storage'
import { kept } from './statement.ts'

/** What is used of a `Client` or `PoolClient` of pg; a client that is in your transaction joins it. */
export interface PgClient {
  query(query: PgQuery): Promise<{ readonly rows: readonly unknown[] }>
}

/** What is used of a `Pool` of pg. */
export interface PgPool extends PgClient {
  readonly totalCount: number
  connect(): Promise<PgPoolClient>
}

/** What is used of a client that a pool lends. */
export interface PgPoolClient extends PgClient {
  release(error?: Error | boolean): void
  on?(event: 'error', listener: (error: Error) => void): unknown
  off?(event: 'error', listener: (error: Error) => void): unknown
}

/** A statement as pg takes it. */
export interface PgQuery {
  readonly text: string
  readonly values?: readonly (string | null)[]
  readonly name?: string | undefined
  readonly rowMode: 'array'
}

/** How statements are sent. */
export interface PgOptions {
  /** `never` for poolers that keep no prepared statements, such as PgBouncer before 1.21 by transaction. Default: `auto`. */
  readonly prepare?: 'auto' | 'never'
}

/** Your pool, which begins transactions of its own, or a client of yours in whatever transaction it has open. */
export function fromPg(connection: PgPool | PgClient, o: PgOptions = {}): Session {
  const named = o.prepare !== 'never'
  const session = over(connection, named)
  return 'totalCount' in connection ? { ...session, transaction: (work) => inTransaction(connection, named, work) } : session
}

const over = (client: PgClient, named: boolean): Session => ({
  dialect: 'postgres',
  sync: false,
  run: async (text, params) => {
    const { rows } = await client.query({ text, values: params, rowMode: 'array', name: named ? nameOf(text) : undefined })
    return (rows as readonly (readonly (string | null)[])[])[0]?.[0] ?? null
  },
})

const MOST_STATEMENTS = 500
const names = new Map<string, string>()

/** A connection keeps what has a name for as long as it lives; so only the first texts get one, and one text always the same. */
const nameOf = (text: string): string | undefined =>
  names.get(text) ?? (names.size < MOST_STATEMENTS ? kept(names, text, () => `patronkit_${sha256Hex(text).slice(0, 24)}`) : undefined)

async function inTransaction<T>(pool: PgPool, named: boolean, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  const plain = (text: string) => client.query({ text, rowMode: 'array' })
  let broken: Error | undefined
  // a server that ends the connection between two statements says so in an event, which ends the process when nobody listens
  const lost = (error: Error) => {
    broken = error
  }
  client.on?.('error', lost)
  try {
    await plain('begin')
    const answer = await work(over(client, named))
    await plain('commit')
    return answer
  } catch (error) {
    // a connection that cannot roll back is of no more use to anybody
    await plain('rollback').catch(lost)
    throw error
  } finally {
    client.off?.('error', lost)
    client.release(broken)
  }
}
