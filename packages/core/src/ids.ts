import { v7 } from 'uuid'

/**
 * A new id (UUID version 7): ids made later sort later, to the millisecond. Time and chance come in, so the
 * function is pure. `random` are 16 bytes.
 */
export const newId = (now: number, random: Uint8Array): string => v7({ msecs: now, random: Uint8Array.from(random), seq: seqOf(random) })

/** UUID v7 puts a counter before the random part; without state it is chance as well. */
const seqOf = (random: Uint8Array): number => new DataView(random.buffer, random.byteOffset).getUint32(4) & 0x7fffffff
