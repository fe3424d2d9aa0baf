import type { Session } from '@patronkit/core'
import type { Knex } from 'knex'
import type { EntityManager } from 'typeorm'

/** Knex has placeholders of its own, so ours go past it: to the connection of its transaction. */
export const fromKnex = async (trx: Knex.Transaction): Promise<Session> => {
  const client = await trx.client.acquireConnection()
  return {
    dialect: 'postgres',
    sync: false,
    run: async (text, params) => (await client.query({ text, values: [...params], rowMode: 'array' })).rows[0]?.[0] ?? null,
  }
}

/** The manager that `dataSource.transaction(async (manager) => …)` gave you. */
export const fromTypeOrm = (manager: EntityManager): Session => ({
  dialect: 'postgres',
  sync: false,
  run: async (text, params) => {
    const answer = await manager.query(text, [...params])
    // an update answers its rows and how many they were
    const rows = Array.isArray(answer[0]) ? answer[0] : answer
    return rows[0] ? ((Object.values(rows[0])[0] as string | null) ?? null) : null
  },
})
