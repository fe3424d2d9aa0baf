import { statSync } from 'node:fs'
import { Presets, SingleBar } from 'cli-progress'

/** A bar over the bytes of a file, on standard error; a line every two seconds where there is no terminal. */
export function fileProgress(file: string, label: string): { at(bytes: number): void; done(): void } {
  const total = Math.max(1, statSync(file).size)
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
    at: (bytes) => bar.update(Math.min(bytes, total)),
    done: () => {
      if (bar.isActive) bar.update(total)
      bar.stop()
    },
  }
}
