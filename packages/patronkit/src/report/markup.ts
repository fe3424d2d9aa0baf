import { printable } from './format.ts'

/** HTML that is known to be well formed. */
export interface Markup {
  readonly markup: string
}

type Part = string | number | Markup | null | readonly Markup[]

/** HTML with values put in: text is escaped, for elements and for quoted attributes, markup is taken as it is. */
export const html = (literal: TemplateStringsArray, ...values: readonly Part[]): Markup => ({
  markup: String.raw({ raw: literal }, ...values.map(written)),
})

/** Text that is HTML already. Not for anything that comes from a log. */
export const trusted = (markup: string): Markup => ({ markup })

function written(value: Part): string {
  if (value === null) return ''
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value))
  return 'markup' in value ? value.markup : value.map((one) => one.markup).join('')
}

const ENTITIES: { readonly [sign: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => printable(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
