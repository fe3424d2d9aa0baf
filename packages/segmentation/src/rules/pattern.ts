/** One step of a pattern: any text, one character, or this character. */
export type Glyph = { readonly any: true } | { readonly one: true } | { readonly is: string }

/** Reads `*`, `?` and `\` out of a pattern; neighbouring stars are one. */
export function glyphs(pattern: string): readonly Glyph[] {
  const found: Glyph[] = []
  const characters = [...pattern]
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    if (character === '\\' && i + 1 < characters.length) found.push({ is: characters[++i]! })
    else if (character === '?') found.push({ one: true })
    else if (character !== '*') found.push({ is: character })
    else if (!found.at(-1) || !('any' in found.at(-1)!)) found.push({ any: true })
  }
  return found
}

/** Matches whole texts, character by character as Unicode counts them, going back to the last star only: no blow-up. */
export function matcher(pattern: string): (text: string) => boolean {
  const wanted = glyphs(pattern)
  return (text) => {
    const characters = [...text]
    let at = 0
    let glyph = 0
    let star = -1
    let resume = 0
    while (at < characters.length) {
      const want = wanted[glyph]
      if (want && 'any' in want) {
        star = glyph++
        resume = at
      } else if (want && ('one' in want || want.is === characters[at])) {
        glyph++
        at++
      } else if (star >= 0) {
        glyph = star + 1
        at = ++resume
      } else return false
    }
    while (wanted[glyph] && 'any' in wanted[glyph]!) glyph++
    return glyph === wanted.length
  }
}
