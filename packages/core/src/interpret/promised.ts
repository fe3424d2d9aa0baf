import type { Storage } from '../port.ts'
import { interpret } from './interpret.ts'
import { memoryRows } from './memory.ts'
import type { Kept, RowStore } from './row-store.ts'

/** Memory storage that answers with promises, as a database over a network does: for tests of what overlaps. */
export const promisedStorage = (): Storage => interpret(later(memoryRows()), { engine: 'promised' })

/** One piece of work after another, with an undo list of its own, since the rows' own ends with the first promise. */
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
