import { memoryStorage } from '@patronkit/core'
import { storageSuite } from '@patronkit/storage-testkit'
import { expect, test } from 'vitest'

test('what a lacking capability leaves out is printed, and nothing else is left out', () => {
  const run = (capabilities: { ddl: boolean; skipLocked: boolean }) => {
    const [names, printed]: [string[], string[]] = [[], []]
    const engine = async () => memoryStorage()
    storageSuite({ name: 'it', test: (name) => names.push(name), engine, capabilities, seed: 1, print: (line) => printed.push(line) })
    return { names, printed }
  }
  const all = run({ ddl: true, skipLocked: true })
  expect(all.printed).toEqual([])
  for (const lacking of ['ddl', 'skipLocked'] as const) {
    const { names, printed } = run({ ddl: true, skipLocked: true, [lacking]: false })
    const left = all.names.filter((name) => !names.includes(name))
    expect(left.length).toBeGreaterThan(0)
    expect(printed).toEqual(left.map((name) => name.replace('it: ', `it: left out without the capability ${lacking}: `)))
  }
})
