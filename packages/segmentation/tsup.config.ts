import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library([
    'src/index.ts',
    'src/rules.ts',
    'src/members.ts',
    'src/tiers.ts',
    'src/value.ts',
    'src/needs.ts',
    'src/clusters.ts',
    'src/testing.ts',
  ]),
)
