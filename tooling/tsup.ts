import type { Options } from 'tsup'

/** One build for every package: ESM with types, nothing minified, so that a stack trace reads like the source. */
export const library = (entry: string[]): Options => ({
  entry,
  format: ['esm'],
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/],
  // tsup strips `node:` unless told not to, and node:sqlite has no other name
  removeNodeProtocol: false,
  // without the source condition other packages' types come from the dist built before, and stay imports in ours
  dts: { compilerOptions: { customConditions: [] } },
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
})
