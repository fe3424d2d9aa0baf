import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library([
    'src/index.ts',
    'src/score.ts',
    'src/change.ts',
    'src/control.ts',
    'src/survey.ts',
    'src/targets.ts',
    'src/incentives.ts',
    'src/metrics.ts',
    'src/people.ts',
    'src/testing.ts',
  ]),
)
