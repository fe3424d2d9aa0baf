import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(library(['src/index.ts', 'src/lunar.ts', 'src/testing.ts']))
