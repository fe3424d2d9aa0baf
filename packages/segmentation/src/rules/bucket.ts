const encoder = new TextEncoder()

/**
 * A number from 0 up to, not with, 2^32 that follows from salt and id alone: FNV-1a over their UTF-8 bytes, stirred by the
 * last step of MurmurHash3 (Appleby 2011). Part of what hosts rely on: it never changes.
 */
export function bucketOf(salt: string, id: string): number {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(`${salt}\u0000${id}`)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
