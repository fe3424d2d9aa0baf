import pg from 'pg'

/** Connections to a server that another process has started. */
export const poolAt = (url: string, max: number): pg.Pool => new pg.Pool({ connectionString: url, max })
