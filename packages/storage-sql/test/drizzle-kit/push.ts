import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const here = import.meta.dirname

/** `drizzle-kit push --force`, which asks nobody, with lines of a configuration beside those every host has. */
export async function push(dialect: 'postgresql' | 'sqlite', url: string, lines: string): Promise<string> {
  const bin = join(dirname(createRequire(import.meta.url).resolve('drizzle-kit')), 'bin.cjs')
  const folder = mkdtempSync(join(here, '.push-'))
  const config = join(folder, 'drizzle.config.ts')
  const schema = join(here, dialect === 'sqlite' ? 'sqlite-schema.ts' : 'schema.ts')
  writeFileSync(
    config,
    `export default { dialect: '${dialect}', schema: ${JSON.stringify(schema)}, dbCredentials: { url: ${JSON.stringify(url)} },\n${lines}\n}\n`,
  )
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [bin, 'push', '--force', `--config=${config}`], {
      cwd: folder,
      timeout: 60_000,
    })
    return stdout + stderr
  } finally {
    rmSync(folder, { recursive: true })
  }
}
