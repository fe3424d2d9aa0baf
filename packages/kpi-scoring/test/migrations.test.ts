import { canonicalJson, sha256Hex } from '@patronkit/core/service'
import { expect, test } from 'vitest'
import { kpiSchema } from '../src/migrations.ts'

/** A step that hosts have applied is never edited: what changes comes as a further step. */
test('published migration steps are as they were published', () => {
  const steps = kpiSchema.migrations.map((migration) => `${migration.id} ${sha256Hex(canonicalJson(migration)).slice(0, 16)}`)
  expect(steps).toEqual(['1 1b296f83d9ec4589', '2 dae616c0355c63cc', '3 b9a2dd9cd60126ce'])
})
