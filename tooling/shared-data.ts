import { existsSync, readFileSync } from 'node:fs'

const folder = new URL('../../shared/data/', import.meta.url)

/** The rows of a table beside this checkout, by column name; undefined where it is not on this machine. */
export function rowsOf(file: string): Record<string, string>[] | undefined {
  const url = new URL(file, folder)
  if (!existsSync(url)) {
    console.log(`left out: ${file} is not on this machine`)
    return undefined
  }
  const [head = '', ...lines] = readFileSync(url, 'utf8').trim().split(/\r?\n/)
  const names = cells(head)
  return lines.map((line) => {
    const values = cells(line)
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
  })
}

/** One line of a CSV file; a field may stand in quotes. */
const cells = (line: string): string[] => [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((match) => match[1] ?? match[2] ?? '')
