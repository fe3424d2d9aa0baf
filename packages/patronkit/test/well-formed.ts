import { expect } from 'vitest'

/** A page of ours: one document, no script, nothing fetched, every tag closed in its order. */
export function wellFormed(page: string): void {
  expect(page).not.toMatch(/<script|javascript:|https?:\/\/(?!www\.w3\.org)|url\(['"]?(?!#)/i)
  const open: string[] = []
  for (const [, end, name, self] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^>"])*?(\/?)>/g)) {
    if (self || name === 'meta' || name === 'DOCTYPE') continue
    if (end) expect(open.pop()).toBe(name)
    else open.push(name!)
  }
  expect(open).toEqual([])
}
