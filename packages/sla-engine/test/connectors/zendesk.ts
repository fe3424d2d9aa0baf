// After https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/, the reference of audit events beside it,
// and https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events. Values are made up.

const web = { channel: 'web', source: { from: {}, to: {}, rel: null } }
const mail = { channel: 'email', source: { from: { address: 'ada@example.com' }, to: { address: 'help@acme.example' }, rel: null } }
const rule = {
  channel: 'rule',
  source: { from: { id: 22472716, title: 'Notify requester of received request', deleted: false }, rel: 'trigger' },
}
const audit = (id: number, time: string, author_id: number, via: unknown, events: unknown[]) => ({
  id,
  ticket_id: 35436,
  created_at: `2026-03-02T${time}Z`,
  author_id,
  metadata: { system: { client: 'Mozilla', ip_address: '198.51.100.7' }, custom: {} },
  via,
  events,
})
const create = (id: number, field_name: string, value: unknown) => ({ id, type: 'Create', field_name, value })
const change = (id: number, field_name: string, value: unknown, previous_value: unknown) => ({
  id,
  type: 'Change',
  field_name,
  value,
  previous_value,
})
const comment = (id: number, author_id: number, isPublic: boolean, more: object = {}) => ({
  id,
  type: 'Comment',
  author_id,
  body: 'It is broken.',
  html_body: '<p>It is broken.</p>',
  plain_body: 'It is broken.',
  public: isPublic,
  attachments: [],
  audit_id: 1,
  ...more,
})

export const audits = [
  audit(900001, '09:00:00', 501, mail, [
    comment(1, 501, true),
    create(2, 'subject', 'Printer on fire'),
    create(3, 'status', 'new'),
    create(4, 'priority', 'normal'),
    create(5, 'requester_id', '501'),
    create(6, 'group_id', '77'),
    create(7, 'type', 'incident'),
    create(8, '360001', 'gold'),
    // the trigger that says "we have got your request"
    { id: 9, type: 'Notification', via: rule, subject: 'Re: Printer', body: 'We have received your request.', recipients: [501] },
    { id: 10, type: 'Notification', via: rule, subject: 'New ticket', body: 'To the group.', recipients: [601, 602] },
  ]),
  audit(900002, '09:10:00', 601, web, [comment(11, 601, false, { call_quality: 'good' })]),
  audit(900003, '09:20:00', 602, web, [change(12, 'priority', 'urgent', 'normal'), change(13, 'assignee_id', '601', null)]),
  audit(900004, '09:30:00', 601, web, [
    comment(14, 601, true),
    change(15, 'status', 'pending', 'new'),
    { id: 16, type: 'AgentMacroReference', macro_id: '4433', macro_title: 'Ask for the serial number', macro_deleted: false },
  ]),
  audit(900005, '11:00:00', 501, mail, [comment(17, 501, true), change(18, 'status', 'open', 'pending')]),
  audit(900006, '12:00:00', 601, web, [change(19, 'status', 'solved', 'open'), change(20, 'tags', ['printer', 'fire'], ['printer'])]),
  audit(900007, '15:00:00', 501, mail, [comment(21, 501, true), change(22, 'status', 'open', 'solved')]),
  audit(900008, '16:00:00', -1, rule, [change(23, 'status', 'closed', 'open'), { id: 24, type: 'Cc', recipients: [601] }]),
]

const event = (id: string, time: string, what: string, event: object, detail: object = {}) => ({
  account_id: 22129848,
  id,
  subject: 'zen:ticket:5158',
  time: `2026-03-02T${time}.123456789Z`,
  type: `zen:event-type:ticket.${what}`,
  zendesk_event_version: '2022-11-06',
  detail: {
    actor_id: '601',
    assignee_id: '601',
    group_id: '77',
    id: '5158',
    is_public: true,
    priority: 'NORMAL',
    requester_id: '501',
    status: 'NEW',
    submitter_id: '501',
    subject: 'Printer on fire',
    tags: ['printer'],
    type: 'INCIDENT',
    via: { channel: 'mail' },
    ...detail,
  },
  event: { meta: { sequence: { id: 'CE4A698A', position: 1 } }, ...event },
})
const said = (id: string, is_public: boolean, author: object) => ({ comment: { id, body: 'Hello', is_public, author } })

export const events = [
  event('e-1', '09:00:00', 'created', {}, { assignee_id: null }),
  event('e-2', '09:10:00', 'comment_added', said('c-1', false, { id: '601', is_staff: true, name: 'Sam' })),
  event('e-3', '09:20:00', 'priority_changed', { current: 'URGENT', previous: 'NORMAL' }),
  event('e-4', '09:20:00', 'agent_assignment_changed', { current: '601', previous: null }),
  event('e-5', '09:30:00', 'comment_added', said('c-2', true, { id: '601', is_staff: true, name: 'Sam' })),
  event('e-6', '09:30:00', 'status_changed', { current: 'PENDING', previous: 'NEW' }),
  event('e-7', '11:00:00', 'comment_added', said('c-3', true, { id: '501', is_staff: false, name: 'Ada' })),
  event('e-11', '11:00:00', 'status_changed', { current: 'OPEN', previous: 'PENDING' }),
  event('e-8', '12:00:00', 'status_changed', { current: 'SOLVED', previous: 'OPEN' }),
  event('e-9', '15:00:00', 'status_changed', { current: 'OPEN', previous: 'SOLVED' }),
  event('e-10', '16:00:00', 'merged', { target_ticket_id: '5159' }),
]
