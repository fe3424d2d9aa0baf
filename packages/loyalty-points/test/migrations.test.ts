import { canonicalJson, sha256Hex } from '@patronkit/core/service'
import { expect, test } from 'vitest'
import { loyaltySchema } from '../src/migrations.ts'

/** A step that hosts have applied is never edited: what changes comes as a further step. */
test('published migration steps are as they were published', () => {
  const steps = loyaltySchema.migrations.map((migration) => `${migration.id} ${sha256Hex(canonicalJson(migration as never)).slice(0, 16)}`)
  expect(steps).toEqual(['1 7e4d61b5cea4569a', '2 a567b8adce8b5035', '3 abf74994533d001b'])
})
