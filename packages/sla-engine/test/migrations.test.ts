import { canonicalJson, sha256Hex } from '@patronkit/core/service'
import { expect, test } from 'vitest'
import { slaSchema } from '../src/migrations.ts'

/** A step that hosts have applied is never edited: what changes comes as a further step. */
test('published migration steps are as they were published', () => {
  const steps = slaSchema.migrations.map((migration) => `${migration.id} ${sha256Hex(canonicalJson(migration)).slice(0, 16)}`)
  expect(steps).toEqual(['1 02fd04959ef11b00', '2 26ea38270c417273', '3 f23c8e9e7cceb9bf'])
})
