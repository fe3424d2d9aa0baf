import { memoryStorage } from '@patronkit/core'
import { interpret, type Kept, type RowStore } from '@patronkit/core/storage'
import { memoryRows } from '@patronkit/core/testing'
import { test } from 'vitest'
import { storageSuite } from '../src/index.ts'

storageSuite({ name: 'memory', test, engine: async () => memoryStorage() })

/** The same rows behind promises: a store that answers later, one piece of work after another, with an undo list of its own. */
function later(rows: RowStore): RowStore {
  let queue: Promise<unknown> = Promise.resolve()
  let undo: (() => void)[] = []
  const remember = (key: string) => {
    const before = rows.get(key) as Kept | undefined
    undo.push(() => void (before ? rows.put(key, before) : rows.remove(key)))
  }
  return {
    get: async (key) => rows.get(key),
    scan: async (range) => rows.scan(range),
    put: async (key, value) => {
      remember(key)
      rows.put(key, value)
    },
    remove: async (key) => {
      remember(key)
      rows.remove(key)
    },
    atomically: (work) => {
      const turn = queue.then(async () => {
        undo = []
        try {
          return await work()
        } catch (error) {
          for (const step of undo.reverse()) step()
          throw error
        }
      })
      queue = turn.catch(() => undefined)
      return turn
    },
  }
}

storageSuite({ name: 'a store that answers with promises', test, engine: async () => interpret(later(memoryRows()), { engine: 'later' }) })
