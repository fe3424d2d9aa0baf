import BTreeModule from 'sorted-btree'
import type { MaybePromise, Storage } from '../port.ts'
import { isPromise } from '../steps.ts'
import { compareText } from '../text.ts'
import { interpret } from './interpret.ts'
import type { Kept, RowStore } from './row-store.ts'

/** Storage that lives and dies with the process: for tests, examples and trying things out. */
export const memoryStorage = (): Storage => interpret(memoryRows(), { engine: 'memory', sync: true })

/** A sorted tree with an undo list, so that work which throws leaves no trace. */
export function memoryRows(): RowStore {
  const tree = new BTree<string, Kept>(undefined, compareText)
  let undo: (() => void)[] | null = null

  const remember = (key: string) => {
    const before = tree.get(key)
    undo?.push(() => void (before === undefined ? tree.delete(key) : tree.set(key, before)))
  }

  return {
    get: (key) => tree.get(key),
    scan: ({ from, to, limit, reverse }) => {
      const found: [string, Kept][] = []
      if (limit <= 0) return found
      if (!reverse) {
        tree.forRange(from, to, false, (key, value) => {
          found.push([key, value])
          return found.length === limit ? { break: true } : undefined
        })
        return found
      }
      for (const [key, value] of tree.entriesReversed(to, undefined, true)) {
        if (compareText(key, from) < 0 || found.length === limit) break
        found.push([key, value])
      }
      return found
    },
    put: (key, value) => {
      remember(key)
      tree.set(key, value)
    },
    remove: (key) => {
      remember(key)
      tree.delete(key)
    },
    atomically: <T>(work: () => MaybePromise<T>): T => {
      const outer = undo
      const mine: (() => void)[] = []
      undo = mine
      try {
        const answer = work()
        if (isPromise(answer)) throw new TypeError('memory storage runs its work at once')
        outer?.push(...mine)
        return answer as T
      } catch (error) {
        for (const step of mine.reverse()) step()
        throw error
      } finally {
        undo = outer
      }
    },
  }
}

/** The package is CommonJS: its class is the default export in some loaders and one level deeper in others. */
const BTree = ((BTreeModule as { default?: typeof BTreeModule }).default ?? BTreeModule) as typeof BTreeModule
