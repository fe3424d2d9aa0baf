import { expect, test } from 'vitest'
import { canonicalJson, sha256Hex } from '../src/canonical.ts'
import { coreSchema } from '../src/core-tables.ts'

/** A step that hosts have applied is never edited: what changes comes as a further step. */
test('published migration steps are as they were published', () => {
  const steps = coreSchema.migrations.map((migration) => `${migration.id} ${sha256Hex(canonicalJson(migration)).slice(0, 16)}`)
  expect(steps).toEqual(['1 a39ce0d71ee789f5'])
})
