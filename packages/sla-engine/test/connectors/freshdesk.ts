// After https://developers.freshdesk.com/api/ (tickets, conversations, export of ticket activities). Values are made up.

const at = (time: string) => `2026-03-02T${time}:00Z`

export const tickets = [
  {
    id: 42,
    subject: 'Printer on fire',
    description_text: 'It is broken.',
    created_at: at('09:00'),
    updated_at: at('15:00'),
    status: 2,
    priority: 4,
    source: 1,
    type: 'Incident',
    requester_id: 501,
    responder_id: 601,
    group_id: 77,
    spam: false,
    fr_escalated: false,
    custom_fields: { cf_tier: 'gold' },
  },
]

const conversation = (id: number, time: string, user_id: number, more: object = {}) => ({
  id,
  ticket_id: 42,
  user_id,
  body: '<div>Hello</div>',
  body_text: 'Hello',
  incoming: false,
  private: false,
  source: 0,
  support_email: 'help@acme.example',
  to_emails: ['ada@example.com'],
  attachments: [],
  created_at: at(time),
  updated_at: at(time),
  ...more,
})

export const conversations = [
  conversation(1, '09:01', 601, { auto_response: true }),
  conversation(2, '09:10', 601, { private: true, source: 2 }),
  conversation(3, '09:30', 601, { sentiment_score: 71 }),
  conversation(4, '11:00', 501, { incoming: true }),
]

const activity = (time: string, activity: object, performer: object = { performer_type: 'user', performer_id: 601 }) => ({
  performed_at: at(time),
  ticket_id: 42,
  ...performer,
  activity,
})

export const activities = [
  activity('09:00', { status: 'Open', priority: 'Low', source: 'Email', ticket_type: 'Incident', requester_id: 501, group: 'Printers' }),
  activity('09:10', { note: { id: 2, type: 4 } }),
  activity('09:20', { priority: 'Urgent', agent_id: 601 }),
  activity('09:30', { status: 'Waiting on Customer' }),
  {
    ...activity('11:00', { automation: { type: 4, rule: 'Reopen on reply' }, status: 'Open' }, { performer_type: 'system' }),
    performed_at: '02-03-2026 11:00:00 +0000',
  },
  activity('12:00', { status: 'Resolved' }),
  activity('15:00', { status: 'Open' }),
]
