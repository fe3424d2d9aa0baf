/** One fact of an explanation: a code and its data, and English words for them. */
export interface Line {
  readonly code: string
  readonly text: string
  readonly data: { readonly [name: string]: unknown }
}

/** Why something is as it is: a summary, and the lines that add up to it. Codes and data are stable; words may improve. */
export interface Explanation {
  readonly summary: string
  readonly about: Line
  readonly lines: readonly Line[]
}

/** A line without its words. */
export type Bare = Omit<Line, 'text'>

export type Locale = 'en' | 'zh-CN'

/** Words of one language: a sentence for each code, made from the line's data. */
export type Words = { readonly [code: string]: (data: { readonly [name: string]: unknown }, zone: string) => string }

/** The words of a package, language by language. English has every code. */
export type Catalogue = { readonly [L in Locale]: Words }

/** Puts an explanation into English words. */
export function explained(catalogue: Catalogue, about: Bare, lines: readonly Bare[], zone: string): Explanation {
  return renderExplanation(catalogue, { about, lines }, { locale: 'en', zone })
}

/** Puts an explanation into the words of another language or zone. */
export function renderExplanation(
  catalogue: Catalogue,
  explanation: { readonly about: Bare; readonly lines: readonly Bare[] },
  o: { locale: Locale; zone: string },
): Explanation {
  const say = (line: Bare): Line => {
    const words = catalogue[o.locale][line.code] ?? catalogue.en[line.code]
    return { code: line.code, text: words ? words(line.data, o.zone) : line.code, data: line.data }
  }
  const about = say(explanation.about)
  return { summary: about.text, about, lines: explanation.lines.map(say) }
}
