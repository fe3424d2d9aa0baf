import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from '@patronkit/core'
import { headOf, NO_HEAD, type Unit } from '@patronkit/core/storage'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { fileStorage } from '../src/file-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const fresh = () => join(folder, `${++files}.jsonl`)

storageSuite({
  name: 'a file',
  test,
  engine: async () => fileStorage({ file: fresh() }),
  model: { fc, reference: async () => memoryStorage(), runs: 50 },
})

const unit = (version: number): Unit => ({
  tenant: 'acme',
  heads: [{ kind: 'k', subject: 's', from: { ...NO_HEAD, version }, to: { ...NO_HEAD, version: version + 1 } }],
  writes: [],
  events: [],
  timers: [],
})

test('what was acknowledged is there after reopening, and a half-written line is not', async () => {
  const file = fresh()
  const first = fileStorage({ file })
  expect(await first.commit([unit(0)])).toEqual([{ outcome: 'done' }])
  await first.close()
  appendFileSync(file, '[["half a li')
  const second = fileStorage({ file })
  expect(await second.read('acme', [headOf('k', 's')])).toMatchObject([{ version: 1 }])
  expect(await second.commit([unit(1)])).toEqual([{ outcome: 'done' }])
  await second.close()
  const third = fileStorage({ file })
  expect(await third.read('acme', [headOf('k', 's')])).toMatchObject([{ version: 2 }])
  await third.close()
})
