import { memoryStorage } from '@patronkit/core'
import { promisedStorage } from '@patronkit/core/testing'
import { test } from 'vitest'
import { storageSuite } from '../src/index.ts'

storageSuite({ name: 'memory', test, engine: async () => memoryStorage() })

storageSuite({ name: 'a store that answers with promises', test, engine: async () => promisedStorage() })
