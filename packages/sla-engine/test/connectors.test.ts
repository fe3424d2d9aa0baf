import { isPatronkitError } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import { fromChatwoot } from '../src/connectors/chatwoot.ts'
import type { ItemFacts } from '../src/connectors/facts.ts'
import { fromFreshdesk } from '../src/connectors/freshdesk.ts'
import { fromHubSpot } from '../src/connectors/hubspot.ts'
import { fromJira } from '../src/connectors/jira.ts'
import { fromServiceNow } from '../src/connectors/servicenow.ts'
import { fromZammad } from '../src/connectors/zammad.ts'
import { fromZendesk } from '../src/connectors/zendesk.ts'
import type { RecordItem } from '../src/index.ts'
import * as chatwoot from './connectors/chatwoot.ts'
import { type Example, examples } from './connectors/every.ts'
import * as freshdesk from './connectors/freshdesk.ts'
import * as hubspot from './connectors/hubspot.ts'
import * as jira from './connectors/jira.ts'
import * as servicenow from './connectors/servicenow.ts'
import { told } from './connectors/told.ts'
import * as zammad from './connectors/zammad.ts'
import * as zendesk from './connectors/zendesk.ts'

/** What goes into `sla.record`: this does not compile when an answer of ours does not fit. */
const recorded = (answers: readonly ItemFacts[]): readonly RecordItem[] => answers

const everyFact = (records: readonly ItemFacts[]) => records.flatMap(({ facts }) => facts)
const refusal = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    if (isPatronkitError(error, 'sla/malformed-payload')) return error.details
    throw error
  }
  return undefined
}
const asked = (example: Example) => `${example.vendor} ${Object.keys(example.lists).join(', ')}`

describe('the life of a ticket', () => {
  test('as the audits of Zendesk tell it', () => {
    const records = fromZendesk({ audits: zendesk.audits, fields: { '360001': 'tier' } })
    expect(recorded(records)).toBe(records)
    expect(told(records)).toEqual([
      '09:00 created customer via email status=new vendorStatus=new priority=normal requester=501 team=77 type=incident tier=gold channel=email',
      '09:00 message customer public via email',
      '09:00 message automation public via email',
      '09:00 message automation internal via email',
      '09:10 message agent internal via web',
      '09:20 priority-changed priority=urgent',
      '09:20 assigned assignee=601',
      '09:30 message agent public via web',
      '09:30 status-changed status=pending vendorStatus=pending',
      '11:00 message customer public via email',
      '11:00 status-changed status=open vendorStatus=open',
      '12:00 resolved status=solved vendorStatus=solved',
      '12:00 field-changed',
      '15:00 message customer public via email',
      '15:00 reopened status=open vendorStatus=open',
      '16:00 closed status=closed vendorStatus=closed',
    ])
  })

  test('as the webhooks of Zendesk tell it', () => {
    expect(told(fromZendesk({ events: zendesk.events }))).toEqual([
      '09:00 created customer via email status=new vendorStatus=NEW priority=normal type=incident assignee=null team=77 requester=501 channel=email',
      '09:10 message agent internal',
      '09:20 priority-changed priority=urgent',
      '09:20 assigned assignee=601',
      '09:30 message agent public',
      '09:30 status-changed status=pending vendorStatus=PENDING',
      '11:00 message customer public',
      '11:00 status-changed status=open vendorStatus=OPEN',
      '12:00 resolved status=solved vendorStatus=SOLVED',
      '15:00 reopened status=open vendorStatus=OPEN',
      '16:00 zendesk.merged',
    ])
  })

  test('as tickets, conversations and activities of Freshdesk tell it', () => {
    expect(told(fromFreshdesk({ ...freshdesk, fields: { cf_tier: 'tier' } }))).toEqual([
      '09:00 created customer via email channel=email',
      '09:00 message customer public via email',
      '09:00 reopened status=open vendorStatus=Open',
      '09:00 priority-changed priority=low',
      '09:00 field-changed',
      '09:00 type-changed type=incident',
      '09:00 requester-changed requester=501',
      '09:00 team-changed team=Printers',
      '09:01 message automation public via email',
      '09:10 message agent internal via note',
      '09:20 priority-changed priority=urgent',
      '09:20 assigned assignee=601',
      '09:30 message agent public via email',
      '09:30 status-changed status=pending vendorStatus=Waiting on Customer',
      '11:00 message customer public via email',
      '11:00 reopened status=open vendorStatus=Open',
      '12:00 resolved status=solved vendorStatus=Resolved',
      '15:00 field-changed tier=gold',
      '15:00 reopened status=open vendorStatus=Open',
    ])
  })

  test('as articles and history of Zammad tell it', () => {
    expect(told(fromZammad({ articles: zammad.articles, history: zammad.history }))).toEqual([
      '09:00 created customer via email',
      '09:00 message customer public via email',
      '09:01 message automation public via email',
      '09:10 message agent internal via note',
      '09:20 priority-changed priority=high',
      '09:20 assigned assignee=5',
      '09:25 team-changed team=Service Desk',
      '09:30 status-changed status=pending vendorStatus=pending reminder',
      '09:30 message agent public via email',
      // the customer's own mail program said that she is away
      '09:31 message automation public via email',
      '11:00 status-changed status=open vendorStatus=open',
      // an agent wrote down what she said on the phone
      '11:00 message customer public via phone',
      '12:00 closed status=closed vendorStatus=closed',
      '15:00 reopened status=open vendorStatus=open',
      '15:01 unassigned assignee=null',
    ])
  })

  test('as the webhooks of Zammad tell it', () => {
    const now = 'team=Service Desk requester=8 tier=gold'
    expect(told(fromZammad({ webhooks: zammad.webhooks, fields: { sla_tier: 'tier' } }))).toEqual([
      '09:00 created customer via email channel=email',
      `09:00 status-changed status=new vendorStatus=new priority=normal assignee=null ${now}`,
      '09:00 message customer public via email',
      `09:30 status-changed status=pending vendorStatus=pending reminder priority=high assignee=5 ${now}`,
      '09:30 assigned assignee=5',
      '09:30 message agent public via email',
      `11:00 status-changed status=open vendorStatus=open priority=normal assignee=5 ${now}`,
      '11:00 assigned assignee=5',
      '11:00 message customer public via phone',
      `12:00 closed status=closed vendorStatus=closed priority=normal assignee=5 ${now}`,
      '12:00 assigned assignee=5',
      `15:00 reopened status=open vendorStatus=open priority=normal assignee=5 ${now}`,
      '15:00 assigned assignee=5',
    ])
  })

  test('as the webhooks of Chatwoot tell it, a change of status that comes in two of them once', () => {
    expect(told(fromChatwoot({ events: chatwoot.events, fields: { 'custom_attributes.tier': 'tier' } }))).toEqual([
      // pending is what a bot still has
      '09:00 created customer via chat status=new vendorStatus=pending priority=null assignee=null team=null requester=4 tier=gold channel=chat',
      '09:00 message customer public via chat',
      '09:01 message automation public via chat',
      '09:02 message bot public via chat',
      '09:05 status-changed status=open vendorStatus=open',
      '09:06 assigned assignee=7',
      '09:06 priority-changed priority=high',
      '09:06 team-changed team=12',
      '09:10 message agent internal via chat',
      '09:30 message agent public via chat',
      '09:30 status-changed status=hold vendorStatus=snoozed',
      '09:40 message automation public via chat',
      '11:00 message customer public via chat',
      '11:00 status-changed status=open vendorStatus=open',
      '12:00 resolved status=solved vendorStatus=resolved',
      '15:00 reopened status=open vendorStatus=open',
    ])
  })

  test('as an issue of Jira Service Management tells it, born with the values that its changelog began with', () => {
    expect(told(fromJira({ issues: [jira.issue], fields: { customfield_10050: 'tier' } }))).toEqual([
      '09:00 created customer status=open vendorStatus=Waiting for support priority=medium assignee=null requester=qm:ada type=service request tier=silver',
      '09:00 message customer public',
      '09:01 message automation public',
      '09:10 message agent internal',
      '09:20 priority-changed priority=highest',
      '09:20 assigned assignee=557058:sam',
      '09:20 field-changed tier=gold',
      '09:30 status-changed status=pending vendorStatus=Waiting for customer',
      '09:30 message agent public',
      '11:00 status-changed status=open vendorStatus=Waiting for support',
      '11:00 message customer public',
      '12:00 field-changed',
      '12:00 resolved status=solved vendorStatus=Resolved',
      '15:00 field-changed tier=gold key=DESK-42',
      '15:00 reopened status=open vendorStatus=Reopened',
    ])
  })

  test('as the webhooks of Jira Service Management tell it', () => {
    expect(told(fromJira({ events: jira.events, fields: { customfield_10050: 'tier' } }))).toEqual([
      '09:00 created customer status=open vendorStatus=Waiting for support priority=medium assignee=null requester=qm:ada type=service request tier=silver',
      '09:00 message customer public',
      '09:00 field-changed tier=silver key=DESK-42',
      '09:01 message automation public',
      '09:10 message agent internal',
      '09:20 priority-changed priority=highest',
      '09:20 assigned assignee=557058:sam',
      '09:30 message agent public',
      '09:30 status-changed status=pending vendorStatus=Waiting for customer',
      '11:00 status-changed status=open vendorStatus=Waiting for support',
      '12:00 resolved status=solved vendorStatus=Resolved',
      '15:00 reopened status=open vendorStatus=Reopened',
    ])
  })

  test('as record, audit and journal of ServiceNow tell it; awaiting the caller is pending, any other hold is hold', () => {
    const [ada, sam, group] = ['62826bf03710200044e0bfc8bcbe5df1', '46d44a23a9fe19810012d100cca80666', '287ebd7da9fe198100f92cc8d1d2154e']
    expect(told(fromServiceNow({ ...servicenow, fields: { u_tier: 'tier' } }))).toEqual([
      `09:00 created customer via self-service requester=${ada} status=new vendorStatus=1 priority=moderate assignee=null team=${group} type=hardware tier=gold number=INC0010042 channel=self-service`,
      '09:00 message customer public via self-service',
      '09:01 message automation public',
      '09:10 message agent internal',
      '09:20 priority-changed priority=critical',
      `09:20 assigned assignee=${sam}`,
      '09:25 status-changed status=open vendorStatus=2',
      '09:30 status-changed status=hold vendorStatus=3',
      '09:30 status-changed status=pending vendorStatus=hold:1',
      '09:30 message agent public',
      '11:00 status-changed status=open vendorStatus=2',
      '11:00 field-changed',
      '11:00 message customer public',
      '12:00 resolved status=solved vendorStatus=6',
      '15:00 field-changed',
      '15:00 reopened status=open vendorStatus=2',
    ])
  })

  test('as the webhooks of HubSpot tell it, which do not say what a stage was before', () => {
    expect(told(fromHubSpot({ events: hubspot.events }))).toEqual([
      '09:00 created',
      '09:20 priority-changed priority=high',
      '09:20 assigned assignee=601',
      '09:30 status-changed status=pending vendorStatus=2',
      '11:00 reopened status=open vendorStatus=3',
      '12:00 closed status=closed vendorStatus=4',
      '15:00 reopened status=open vendorStatus=3',
    ])
  })

  test('as tickets with history and the messages of HubSpot tell it', () => {
    const { tickets, messages, threads } = hubspot
    expect(told(fromHubSpot({ tickets, messages, threads, fields: { tier: 'tier' } }))).toEqual([
      '09:00 created status=new vendorStatus=1 priority=low tier=gold',
      '09:00 message customer public via email',
      '09:01 message automation public via email',
      '09:02 message bot public via email',
      '09:10 message agent internal via email',
      '09:20 priority-changed priority=high',
      '09:20 assigned assignee=601',
      '09:30 status-changed status=pending vendorStatus=2',
      '09:30 message agent public via email',
      '11:00 status-changed status=open vendorStatus=3',
      '11:00 message customer public via email',
      '12:00 closed status=closed vendorStatus=4',
      '15:00 reopened status=open vendorStatus=3',
    ])
  })
})

describe.each(examples)('$vendor', (example) => {
  const { lists, read } = example
  const name = asked(example)

  test(`${name}: the same payload again makes the same facts, so they count once`, () => {
    const again = read(JSON.parse(JSON.stringify(lists)))
    expect(again).toEqual(read(lists))
    const ids = everyFact(again).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test(`${name}: a payload that lists everything twice makes each fact once`, () => {
    const twice = Object.fromEntries(Object.entries(lists).map(([list, rows]) => [list, [...rows, ...rows]]))
    expect(read(twice)).toEqual(read(lists))
  })

  test(`${name}: fewer rows make some of the same facts, unchanged`, () => {
    const all = new Map(everyFact(read(lists)).map((fact) => [fact.id, fact]))
    for (const [list, rows] of Object.entries(lists)) {
      // what the audit of a ServiceNow record does not say changed was so from the start: it has to be whole
      if (example.vendor === 'servicenow' && list === 'audits') continue
      for (let n = 1; n < rows.length; n++) {
        for (const { id, type, at, data } of everyFact(read({ ...lists, [list]: rows.slice(0, n) }))) {
          const { type: sameType, at: sameAt, data: sameData } = all.get(id)!
          expect({ id, type, at, data }).toEqual({ id, type: sameType, at: sameAt, data: sameData })
        }
      }
    }
  })

  test(`${name}: fields nobody knows are kept, and left out when asked`, () => {
    const unknown = (options: object) => JSON.stringify(everyFact(read(lists, options)).map(({ data }) => data?.[example.vendor] ?? {}))
    expect(unknown({}).length).toBeGreaterThan(unknown({ unknownFields: 'leave-out' }).length)
    expect(JSON.stringify(read(lists))).not.toMatch(/broken|<div>|"Hello"/)
  })

  test(`${name}: what is no list of objects is refused with its path`, () => {
    for (const list of Object.keys(lists).filter((list) => list !== 'threads')) {
      expect(refusal(() => read({ ...lists, [list]: 'x' }))).toMatchObject({ vendor: example.vendor, path: list })
      expect(refusal(() => read({ ...lists, [list]: [null] }))).toMatchObject({ vendor: example.vendor, path: `${list}.0` })
    }
    expect(refusal(() => read({}))).toMatchObject({ vendor: example.vendor })
  })
})

describe('who wrote it', () => {
  test('the host knows better than the payload, except of what a rule wrote', () => {
    const authors = { '601': 'bot', '501': 'third-party' } as const
    const messages = everyFact(fromZendesk({ audits: zendesk.audits, authors })).filter(({ type }) => type === 'message')
    expect(messages.map(({ author }) => author)).toEqual([
      'third-party',
      'automation',
      'automation',
      'bot',
      'bot',
      'third-party',
      'third-party',
    ])
  })

  test('an author of Zendesk is an agent when side-loaded as one or assigned before, and a third party when nobody knows', () => {
    const say = (id: number, author: number) => ({ id, type: 'Comment', author_id: author, public: true })
    const audit = (id: number, events: unknown[]) => ({ id, ticket_id: 1, created_at: `2026-03-02T0${id}:00:00Z`, author_id: 1, events })
    const assign = { id: 9, type: 'Change', field_name: 'assignee_id', value: '603', previous_value: null }
    const audits = [audit(1, [say(1, 601), say(2, 602), say(3, 603), say(4, 604)]), audit(2, [assign, say(5, 603)])]
    const users = [
      { id: 601, role: 'agent' },
      { id: 604, role: 'end-user' },
    ]
    const authors = everyFact(fromZendesk({ audits, users })).map(({ author }) => author)
    expect(authors).toEqual(['agent', 'third-party', 'third-party', 'customer', undefined, 'agent'])
  })

  test('a macro is an agent who pressed a button, and is named', () => {
    const reply = everyFact(fromZendesk({ audits: zendesk.audits })).find(({ id }) => id === 'zendesk/audit/900004/14')
    expect(reply).toMatchObject({ author: 'agent', data: { macro: 'Ask for the serial number' } })
  })

  test('in ServiceNow, without the caller and a word of the host, a comment is a third party’s', () => {
    const { journals } = servicenow
    expect(everyFact(fromServiceNow({ journals })).map(({ author }) => author)).toEqual([
      'automation',
      'agent',
      'third-party',
      'third-party',
    ])
    const authors = (name: string) => (name === 'ada.lovelace' ? 'customer' : 'agent')
    expect(everyFact(fromServiceNow({ journals, authors })).map(({ author }) => author)).toEqual(['agent', 'agent', 'agent', 'customer'])
  })

  test('a ticket that an agent opened for a customer says so', () => {
    const creator = { accountId: '557058:sam', accountType: 'atlassian' }
    const issue = { ...jira.issue, fields: { ...jira.issue.fields, creator } }
    expect(everyFact(fromJira({ issues: [issue] })).filter(({ at }) => at.toISOString().slice(11, 16) === '09:00')).toMatchObject([
      { type: 'created', author: 'agent' },
    ])
    expect(everyFact(fromFreshdesk({ tickets: [{ ...freshdesk.tickets[0], source: 10 }] }))[0]).toMatchObject({
      type: 'created',
      author: 'agent',
    })
  })
})

describe('statuses', () => {
  test('of the host’s own come in its words; one that nobody explained is open, so that the clocks run', () => {
    const [, , , , , , , close] = zendesk.audits
    const own = (value: string) => ({ ...close!, events: [{ id: 1, type: 'Change', field_name: 'status', value, previous_value: 'open' }] })
    const status = (value: string) => told(fromZendesk({ audits: [own(value)], statuses: { 'with the vendor': 'hold' } }))
    expect(status('with the vendor')).toEqual(['16:00 status-changed status=hold vendorStatus=with the vendor'])
    expect(status('on the moon')).toEqual(['16:00 status-changed status=open vendorStatus=on the moon'])
    expect(status('constructor')).toEqual(['16:00 status-changed status=open vendorStatus=constructor'])
  })

  test('a ticket that was born solved and owned is resolved and assigned at once', () => {
    const [ticket] = hubspot.tickets
    const at = ticket!.createdAt
    const propertiesWithHistory = {
      hs_pipeline_stage: [{ value: '4', timestamp: at }],
      hubspot_owner_id: [{ value: '601', timestamp: at }],
    }
    expect(told(fromHubSpot({ tickets: [{ ...ticket, propertiesWithHistory }] }))).toEqual([
      '09:00 created status=closed vendorStatus=4 assignee=601',
      '09:00 assigned assignee=601',
      '09:00 closed status=closed vendorStatus=4',
    ])
  })

  test('a ticket without its activities is read as it stands', () => {
    const [ticket] = freshdesk.tickets
    expect(told(fromFreshdesk({ tickets: [{ ...ticket, status: 4 }] })).slice(-2)).toEqual([
      '15:00 resolved status=solved vendorStatus=4 priority=urgent type=incident requester=501 assignee=601 team=77',
      '15:00 assigned assignee=601',
    ])
    const { changelog: _, ...issue } = jira.issue
    expect(told(fromJira({ issues: [issue] })).at(-2)).toMatch(/^15:00 reopened status=open vendorStatus=Reopened priority=highest/)
  })
})

describe('what a help desk sends twice', () => {
  test('HubSpot’s second try and the copy for a second subscription are the same fact', () => {
    const again = hubspot.events.map((event) => ({ ...event, attemptNumber: 1, eventId: 1, subscriptionId: 26 }))
    expect(fromHubSpot({ events: again })).toEqual(fromHubSpot({ events: hubspot.events }))
  })

  test('an article of Zammad whose mail has been delivered since is the same fact', () => {
    const delivered = zammad.articles.map((article) => ({
      ...article,
      preferences: { ...article.preferences, delivery_status: 'success' },
    }))
    expect(fromZammad({ articles: delivered })).toEqual(fromZammad({ articles: zammad.articles }))
  })

  test('two pictures of one moment that say different things are two facts', () => {
    const [first] = zammad.webhooks
    const other = { ...first!, ticket: { ...first!.ticket, priority: { id: 3, name: '3 high' } } }
    const ids = everyFact(fromZammad({ webhooks: [first, other] })).map(({ id }) => id)
    expect(ids.filter((id) => id.startsWith('zammad/ticket/81/at/'))).toHaveLength(2)
  })
})

describe('what comes from outside', () => {
  test('more than 1,000 facts of one item come in calls of 1,000', () => {
    const articles = Array.from({ length: 2_500 }, (_, n) => ({ ...zammad.articles[0], id: n + 1 }))
    expect(fromZammad({ articles }).map(({ facts }) => facts.length)).toEqual([1_000, 1_000, 500])
  })

  test('two vendors of one tenant keep their items apart by type', () => {
    expect(fromZendesk({ audits: zendesk.audits, itemType: 'zendesk-ticket' })[0]!.item).toEqual({ type: 'zendesk-ticket', id: '35436' })
  })

  test('a path names the very field', () => {
    const [audit] = zendesk.audits
    const at = (more: object) => refusal(() => fromZendesk({ audits: [{ ...audit, ...more }] }))
    expect(at({ created_at: '2026-03-02 09:00:00' })?.path).toBe('audits.0.created_at')
    expect(at({ created_at: undefined })).toMatchObject({
      path: 'audits.0.created_at',
      message: 'is no instant from 1970 to 2200 with an offset',
    })
    expect(at({ id: 2 ** 60 })).toMatchObject({ path: 'audits.0.id', message: expect.stringContaining('safe integer') })
    expect(at({ ticket_id: 'a/b' })?.path).toBe('audits.0.ticket_id')
    expect(at({ events: [{ id: 1, type: 'Change', field_name: 'status', value: { toString: 1 } }] })?.path).toBe('audits.0.events.0.value')
    expect(refusal(() => fromZendesk({ events: [{ ...zendesk.events[1], event: { comment: { id: 1, is_public: 'no' } } }] }))?.path).toBe(
      'events.0.event.comment.is_public',
    )
    expect(refusal(() => fromHubSpot({ messages: hubspot.messages }))?.path).toBe('messages.0.conversationsThreadId')
  })

  test('`__proto__` is no field, and reaches no prototype', () => {
    const hostile = JSON.parse('{ "__proto__": { "author_id": 666, "polluted": true }, "zendesk": 1 }')
    const [first] = everyFact(fromZendesk({ audits: [{ ...JSON.parse(JSON.stringify(zendesk.audits[1])), ...hostile, extra: hostile }] }))
    expect(JSON.stringify(first)).not.toContain('polluted')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test.each(examples)('$vendor: ten thousand fields beside those we know change nothing', ({ lists, read }) => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, n]))
    const wide = Object.fromEntries(
      Object.entries(lists).map(([list, rows]) => [list, rows.map((row, n) => (n === 0 ? { ...(row as object), ...many } : row))]),
    )
    expect(told(read(wide))).toEqual(told(read(lists)))
  })

  test('more rows than a call has arguments are read', () => {
    const items = Array.from({ length: 150_000 }, (_, n) => ({ field: `f${n}`, fromString: 'a', toString: 'b' }))
    const changelog = { histories: [{ id: '1', created: '2026-03-02T09:00:00Z', items }] }
    expect(everyFact(fromJira({ issues: [{ ...jira.issue, changelog }] })).length).toBeGreaterThan(150_000)
  })

  test('nests without end are refused, fields without end are left out by name', () => {
    let nest: unknown = 'x'
    for (let n = 0; n < 100_000; n++) nest = [nest]
    const [audit] = zendesk.audits
    expect(refusal(() => fromZendesk({ audits: [{ ...audit, nest }] }))?.message).toContain('nested more than 64 deep')
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(refusal(() => fromZendesk({ audits: [{ ...audit, cycle }] }))?.message).toContain('nested')
    const [created] = everyFact(fromZendesk({ audits: [{ ...audit, essay: 'x'.repeat(100_000), note: 'kept' }] }))
    expect(created?.data?.zendesk).toEqual({ note: 'kept', leftOut: ['essay'] })
  })
})
