import { statSync } from 'node:fs'
import { Presets, SingleBar } from 'cli-progress'

/** How far long work has come. */
export interface Progress {
  at(done: number): void
  done(): void
}

/** A bar over the bytes of a file. */
export const fileProgress = (file: string, label: string): Progress => progressOf(Math.max(1, statSync(file).size), label)

/** A bar on standard error; a line every two seconds where there is no terminal. */
export function progressOf(total: number, label: string): Progress {
  const bar = new SingleBar(
    {
      format: `${label} [{bar}] {percentage}% {eta_formatted}`,
      hideCursor: true,
      clearOnComplete: false,
      noTTYOutput: true,
      notTTYSchedule: 2_000,
      stream: process.stderr,
    },
    Presets.legacy,
  )
  bar.start(total, 0)
  return {
    at: (done) => bar.update(Math.min(done, total)),
    done: () => {
      if (bar.isActive) bar.update(total)
      bar.stop()
    },
  }
}
