import { type ConnectorOptions, fromChatwoot } from '../../src/connectors/chatwoot.ts'
import type { ItemFacts } from '../../src/connectors/facts.ts'
import { fromFreshdesk } from '../../src/connectors/freshdesk.ts'
import { fromHubSpot } from '../../src/connectors/hubspot.ts'
import { fromJira } from '../../src/connectors/jira.ts'
import { fromServiceNow } from '../../src/connectors/servicenow.ts'
import { fromZammad } from '../../src/connectors/zammad.ts'
import { fromZendesk } from '../../src/connectors/zendesk.ts'
import * as chatwoot from './chatwoot.ts'
import * as freshdesk from './freshdesk.ts'
import * as hubspot from './hubspot.ts'
import * as jira from './jira.ts'
import * as servicenow from './servicenow.ts'
import * as zammad from './zammad.ts'
import * as zendesk from './zendesk.ts'

/** A payload under test: the vendor, the lists that make it up, and its connector. */
export interface Example {
  readonly vendor: string
  readonly lists: { readonly [name: string]: readonly unknown[] }
  readonly read: (lists: { readonly [name: string]: unknown }, options?: ConnectorOptions) => readonly ItemFacts[]
}

/** Every payload that a connector takes, each with a ticket's life. */
export const examples: readonly Example[] = [
  { vendor: 'zendesk', lists: { audits: zendesk.audits }, read: (lists, options) => fromZendesk({ ...options, ...lists }) },
  { vendor: 'zendesk', lists: { events: zendesk.events }, read: (lists, options) => fromZendesk({ ...options, ...lists }) },
  { vendor: 'freshdesk', lists: freshdesk, read: (lists, options) => fromFreshdesk({ ...options, ...lists }) },
  {
    vendor: 'zammad',
    lists: { articles: zammad.articles, history: zammad.history },
    read: (lists, options) => fromZammad({ ...options, ...lists }),
  },
  { vendor: 'zammad', lists: { webhooks: zammad.webhooks }, read: (lists, options) => fromZammad({ ...options, ...lists }) },
  { vendor: 'chatwoot', lists: { events: chatwoot.events }, read: (lists, options) => fromChatwoot({ events: lists.events, ...options }) },
  { vendor: 'jira', lists: { issues: [jira.issue] }, read: (lists, options) => fromJira({ ...options, ...lists }) },
  { vendor: 'jira', lists: { events: jira.events }, read: (lists, options) => fromJira({ ...options, ...lists }) },
  { vendor: 'servicenow', lists: servicenow, read: (lists, options) => fromServiceNow({ ...options, ...lists }) },
  { vendor: 'hubspot', lists: { events: hubspot.events }, read: (lists, options) => fromHubSpot({ ...options, ...lists }) },
  {
    vendor: 'hubspot',
    lists: { tickets: hubspot.tickets, messages: hubspot.messages, threads: hubspot.threads },
    read: (lists, options) => fromHubSpot({ ...options, ...lists }),
  },
]
