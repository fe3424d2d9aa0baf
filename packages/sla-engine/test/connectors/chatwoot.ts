// After https://www.chatwoot.com/docs/product/others/webhook-events and the webhook_data of chatwoot/chatwoot. Values are made up.

const day = Date.UTC(2026, 2, 2) / 1000
const seconds = (time: string) => day + Number(time.slice(0, 2)) * 3600 + Number(time.slice(3, 5)) * 60
const contact = { id: 4, name: 'Ada', email: 'ada@example.com', type: 'contact' }
const agent = { id: 7, name: 'Sam', email: 'sam@acme.example', type: 'user' }
const bot = { id: 1, name: 'Answer Bot', type: 'agent_bot' }

const conversation = (event: string, time: string, more: object = {}) => ({
  event,
  id: 207,
  inbox_id: 3,
  channel: 'Channel::WebWidget',
  can_reply: true,
  labels: [],
  custom_attributes: { tier: 'gold' },
  additional_attributes: { browser: { browser_name: 'Chrome' } },
  meta: { sender: contact, assignee: null, team: null, hmac_verified: false },
  messages: [{ id: 654, message_type: 0, created_at: seconds(time), private: false }],
  status: 'pending',
  priority: null,
  snoozed_until: null,
  unread_count: 1,
  created_at: seconds('09:00'),
  timestamp: seconds(time),
  updated_at: seconds(time) + 0.25,
  ...more,
})
const changed = (event: string, time: string, changes: Record<string, readonly [unknown, unknown]>) =>
  conversation(event, time, {
    changed_attributes: Object.entries(changes).map(([name, [previous_value, current_value]]) => ({
      [name]: { previous_value, current_value },
    })),
  })
const message = (id: number, time: string, message_type: string, sender: object | null, more: object = {}) => ({
  event: 'message_created',
  id,
  content: 'Hello',
  content_type: 'text',
  content_attributes: {},
  additional_attributes: {},
  message_type,
  private: false,
  created_at: `2026-03-02T${time}:00.000Z`,
  source_id: null,
  sender,
  account: { id: 2, name: 'Acme' },
  inbox: { id: 3, name: 'Website' },
  conversation: conversation('', time),
  ...more,
})

export const events = [
  conversation('conversation_created', '09:00'),
  message(654, '09:00', 'incoming', { id: 4, name: 'Ada', email: 'ada@example.com' }),
  message(655, '09:01', 'template', null),
  message(656, '09:02', 'outgoing', bot),
  changed('conversation_status_changed', '09:05', { status: ['pending', 'open'], updated_at: ['a', 'b'] }),
  changed('conversation_updated', '09:05', { status: ['pending', 'open'], waiting_since: [null, '2026-03-02T09:05:00Z'] }),
  changed('conversation_updated', '09:06', { assignee_id: [null, 7], priority: [null, 'high'], team_id: [null, 12] }),
  message(657, '09:10', 'outgoing', agent, { private: true }),
  message(658, '09:11', 'activity', null),
  message(659, '09:30', 'outgoing', agent, { sentiment: 'neutral' }),
  changed('conversation_status_changed', '09:30', { status: ['open', 'snoozed'] }),
  message(660, '09:40', 'outgoing', agent, { content_attributes: { automation_rule_id: 9 } }),
  changed('conversation_status_changed', '11:00', { status: ['snoozed', 'open'] }),
  message(661, '11:00', 'incoming', contact),
  changed('conversation_status_changed', '12:00', { status: ['open', 'resolved'] }),
  changed('conversation_status_changed', '15:00', { status: ['resolved', 'open'] }),
  { event: 'webwidget_triggered', id: 1 },
]
