import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library([
    'src/index.ts',
    'src/agreements.ts',
    'src/forecast.ts',
    'src/oncall.ts',
    'src/process.ts',
    'src/report.ts',
    'src/service-level.ts',
    'src/standard.ts',
    'src/connectors/zendesk.ts',
    'src/connectors/freshdesk.ts',
    'src/connectors/zammad.ts',
    'src/connectors/chatwoot.ts',
    'src/connectors/jira.ts',
    'src/connectors/servicenow.ts',
    'src/connectors/hubspot.ts',
    'src/testing.ts',
  ]),
)
