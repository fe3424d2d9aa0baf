import type { ItemFacts } from '../../src/connectors/facts.ts'

/** What facts say, a line each: time, type, who and how, then the attributes that they set. */
export const told = (records: readonly ItemFacts[]): string[] =>
  records.flatMap(({ facts }) =>
    facts.map(({ at, type, author, visibility, channel, attributes = {} }) =>
      [
        at.toISOString().slice(11, 16),
        type,
        author,
        visibility,
        channel && `via ${channel}`,
        ...Object.entries(attributes).map(([name, value]) => `${name}=${value}`),
      ]
        .filter(Boolean)
        .join(' '),
    ),
  )
