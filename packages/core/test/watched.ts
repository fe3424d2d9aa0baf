import type { Storage } from '../src/index.ts'
import { promisedStorage } from '../src/testing.ts'

/** A storage that answers with promises, and how large the calls were that it got. `meddle` runs before each commit, as another process would. */
export function watchedStorage(meddle: (inner: Storage, commits: number) => Promise<void> | void = () => {}) {
  const inner = promisedStorage()
  const commits: number[] = []
  const reads: number[] = []
  const storage: Storage = {
    ...inner,
    read: (tenant, asked, session) => {
      reads.push(asked.length)
      return inner.read(tenant, asked, session)
    },
    commit: async (units, session) => {
      commits.push(units.length)
      await meddle(inner, commits.length)
      return inner.commit(units, session)
    },
  }
  return { inner, storage, commits, reads }
}
