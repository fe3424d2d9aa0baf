/**
 * Orders texts by code point, which is also the order of their UTF-8 bytes, so that memory, SQLite (BINARY) and
 * Postgres (collate "C") agree. JavaScript's own `<` compares UTF-16 units and puts U+1F600 before U+FF61.
 */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above U+FFFF, so they rank behind the rest of the basic plane. */
const codePointRank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** How many lanes the two work queues (timers, events) are dealt over. Part of the stored data: it never changes. */
export const LANES = 64

/** The lane of a tenant: FNV-1a over its UTF-16 units, modulo {@link LANES}. Part of the stored data: it never changes. */
export function laneOf(tenant: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < tenant.length; i++) hash = Math.imul(hash ^ tenant.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % LANES
}
