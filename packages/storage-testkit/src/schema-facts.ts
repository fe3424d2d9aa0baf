import { headOf, NO_HEAD } from '@patronkit/core/storage'
import { check, same } from './check.ts'
import { type Facts, readOne } from './facts.ts'
import { KIND, sampleSchema } from './sample.ts'

/** The schema is applied once and then agrees with the declarations. */
export const schemaFacts: Facts = ({ fact }) => {
  fact('migrating twice applies nothing the second time, and nothing drifts', async (storage) => {
    storage.declare(sampleSchema)
    same(await storage.schema.migrate(), { applied: 0 }, 'the second time')
    same(await storage.schema.drift(), [], 'the drift')
    same(await readOne(storage, headOf(KIND, 'a')), NO_HEAD, 'and it works')
  })

  fact(
    'the printed DDL names the tables, and nothing is left to print once all is applied',
    async (storage) => {
      check(storage.schema.sql().includes('kit_thing'), 'the DDL names the tables')
      same(storage.schema.sql({ from: await storage.schema.applied() }), '', 'what is left')
    },
    'ddl',
  )
}
