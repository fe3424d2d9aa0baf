// After https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ (changelog, comments),
// https://developer.atlassian.com/cloud/jira/platform/webhooks/ and, for jsdPublic, the Jira Service Management REST API.
// Values are made up.

const ada = { accountId: 'qm:ada', accountType: 'customer', displayName: 'Ada' }
const sam = { accountId: '557058:sam', accountType: 'atlassian', displayName: 'Sam' }
const robot = { accountId: '557058:auto', accountType: 'app', displayName: 'Automation for Jira' }
const at = (time: string) => `2026-03-02T${time}:00.000+0000`

const item = (field: string, from: [string | null, string | null], to: [string | null, string | null], fieldId = field) => ({
  field,
  fieldtype: 'jira',
  fieldId,
  from: from[0],
  fromString: from[1],
  to: to[0],
  toString: to[1],
})
const history = (id: string, time: string, author: object, items: unknown[]) => ({ id, created: at(time), author, items })
const comment = (id: string, time: string, author: object, jsdPublic: boolean, more: object = {}) => ({
  id,
  self: `https://acme.atlassian.net/rest/api/3/issue/10010/comment/${id}`,
  author,
  body: { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Hello' }] }] },
  created: at(time),
  updated: at(time),
  jsdPublic,
  ...more,
})

export const issue = {
  id: '10010',
  key: 'DESK-42',
  self: 'https://acme.atlassian.net/rest/api/3/issue/10010',
  fields: {
    created: at('09:00'),
    updated: at('15:00'),
    summary: 'Printer on fire',
    description: null,
    creator: ada,
    reporter: ada,
    assignee: sam,
    status: { id: '1', name: 'Reopened', statusCategory: { key: 'indeterminate' } },
    priority: { id: '1', name: 'Highest' },
    issuetype: { id: '10005', name: 'Service Request' },
    customfield_10002: [{ id: '3', name: 'Acme Ltd' }],
    customfield_10050: 'gold',
    comment: {
      total: 4,
      comments: [
        comment('201', '09:01', robot, true),
        comment('202', '09:10', sam, false),
        comment('203', '09:30', sam, true, { sentiment: 'neutral' }),
        comment('204', '11:00', ada, true),
      ],
    },
  },
  changelog: {
    startAt: 0,
    total: 5,
    histories: [
      // the newest first, as Cloud expands it
      history('305', '15:00', ada, [item('status', ['5', 'Resolved'], ['4', 'Reopened'])]),
      history('304', '12:00', sam, [
        item('resolution', [null, null], ['10000', 'Done']),
        item('status', ['3', 'Waiting for support'], ['5', 'Resolved']),
      ]),
      history('303', '11:00', ada, [item('status', ['10001', 'Waiting for customer'], ['3', 'Waiting for support'])]),
      history('302', '09:30', robot, [item('status', ['3', 'Waiting for support'], ['10001', 'Waiting for customer'])]),
      history('301', '09:20', sam, [
        item('priority', ['3', 'Medium'], ['1', 'Highest']),
        item('assignee', [null, null], ['557058:sam', 'Sam']),
        item('Tier', [null, 'silver'], [null, 'gold'], 'customfield_10050'),
      ]),
    ],
  },
}

const timestamp = (time: string) => Date.UTC(2026, 2, 2, Number(time.slice(0, 2)), Number(time.slice(3, 5)))
const { changelog, ...plain } = issue
const born = {
  ...plain,
  fields: {
    ...plain.fields,
    status: { name: 'Waiting for support' },
    priority: { name: 'Medium' },
    assignee: null,
    customfield_10050: 'silver',
  },
}
const updated = (id: string, time: string, user: object, items: unknown[]) => ({
  timestamp: timestamp(time),
  webhookEvent: 'jira:issue_updated',
  issue_event_type_name: 'issue_generic',
  user,
  issue: plain,
  changelog: { id, items },
})
const commented = (time: string, said: object) => ({
  timestamp: timestamp(time),
  webhookEvent: 'comment_created',
  comment: said,
  issue: plain,
})

export const events = [
  { timestamp: timestamp('09:00'), webhookEvent: 'jira:issue_created', issue_event_type_name: 'issue_created', user: ada, issue: born },
  commented('09:01', comment('201', '09:01', robot, true)),
  commented('09:10', comment('202', '09:10', sam, false)),
  updated('301', '09:20', sam, [
    item('priority', ['3', 'Medium'], ['1', 'Highest']),
    item('assignee', [null, null], ['557058:sam', 'Sam']),
  ]),
  commented('09:30', comment('203', '09:30', sam, true)),
  updated('302', '09:30', robot, [item('status', ['3', 'Waiting for support'], ['10001', 'Waiting for customer'])]),
  updated('303', '11:00', ada, [item('status', ['10001', 'Waiting for customer'], ['3', 'Waiting for support'])]),
  updated('304', '12:00', sam, [item('status', ['3', 'Waiting for support'], ['5', 'Resolved'])]),
  updated('305', '15:00', ada, [item('status', ['5', 'Resolved'], ['4', 'Reopened'])]),
  { timestamp: timestamp('16:00'), webhookEvent: 'jira:version_released', version: {} },
]
