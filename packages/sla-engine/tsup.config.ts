import { defineConfig } from 'tsup'
import { library } from '../../tooling/tsup.ts'

export default defineConfig(
  library([
    'src/index.ts',
    'src/testing.ts',
    'src/connectors/zendesk.ts',
    'src/connectors/freshdesk.ts',
    'src/connectors/zammad.ts',
    'src/connectors/chatwoot.ts',
    'src/connectors/jira.ts',
    'src/connectors/servicenow.ts',
    'src/connectors/hubspot.ts',
  ]),
)
