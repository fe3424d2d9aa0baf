import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library(['src/index.ts', 'src/operations.ts', 'src/runner.ts', 'src/service.ts', 'src/storage.ts', 'src/testing.ts']),
)
