import { appendFileSync } from 'node:fs'

/** Keeps a figure of a deep run; without `PATRONKIT_FIGURES` it does nothing. */
export function figure(name: string, value: number | string, unit: string): void {
  const file = process.env.PATRONKIT_FIGURES
  if (file) appendFileSync(file, `${JSON.stringify({ name, value, unit })}\n`)
}
