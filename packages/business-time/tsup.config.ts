import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library([
    'src/index.ts',
    'src/calendar.ts',
    'src/clock.ts',
    'src/ladder.ts',
    'src/testing.ts',
    'src/ical.ts',
    'src/date-holidays.ts',
    'src/chinese-days.ts',
    'src/zone.ts',
  ]),
)
