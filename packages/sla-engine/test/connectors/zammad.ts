// After https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html and the articles and history of
// https://docs.zammad.org/en/latest/api/ticket/index.html. Values are made up.

const at = (time: string) => `2026-03-02T${time}:00.318Z`
const article = (id: number, time: string, sender: string, type: string, more: object = {}) => ({
  id,
  ticket_id: 81,
  created_at: at(time),
  updated_at: at(time),
  sender,
  type,
  internal: false,
  from: 'Emily Adams <emily@example.com>',
  to: 'Service Desk',
  body: 'It is broken.',
  content_type: 'text/plain',
  created_by_id: sender === 'Customer' ? 8 : 5,
  origin_by_id: null,
  preferences: {},
  ...more,
})

export const articles = [
  article(104, '09:00', 'Customer', 'email'),
  article(105, '09:01', 'System', 'email', { created_by_id: 1 }),
  article(106, '09:10', 'Agent', 'note', { internal: true }),
  article(107, '09:30', 'Agent', 'email', { preferences: { delivery_status: 'success' }, detected_language: 'en' }),
  article(108, '09:31', 'Customer', 'email', { preferences: { 'is-auto-response': true, 'send-auto-response': false } }),
  article(109, '11:00', 'Customer', 'phone', { created_by_id: 5, origin_by_id: 8 }),
]

const entry = (id: number, time: string, attribute: string, from: [string | null, number | null], to: [string | null, number | null]) => ({
  id,
  o_id: 81,
  object: 'Ticket',
  type: 'updated',
  attribute,
  value_from: from[0],
  value_to: to[0],
  id_from: from[1],
  id_to: to[1],
  created_by_id: 5,
  created_at: at(time),
})

export const history = [
  { id: 1, o_id: 81, object: 'Ticket', type: 'created', created_by_id: 8, created_at: at('09:00') },
  {
    id: 2,
    o_id: 104,
    object: 'Ticket::Article',
    type: 'created',
    related_o_id: 81,
    related_object: 'Ticket',
    created_by_id: 8,
    created_at: at('09:00'),
  },
  {
    id: 3,
    o_id: 81,
    object: 'Ticket',
    type: 'notification',
    value_to: 'emma@example.com(create:online)',
    created_by_id: 1,
    created_at: at('09:00'),
  },
  entry(4, '09:20', 'priority', ['2 normal', 2], ['3 high', 3]),
  entry(5, '09:20', 'owner', ['-', 1], ['Emma Taylor', 5]),
  entry(6, '09:25', 'group', ['Users', 1], ['Service Desk', 3]),
  entry(7, '09:30', 'state', ['new', 1], ['pending reminder', 3]),
  entry(8, '11:00', 'state', ['pending reminder', 3], ['open', 2]),
  entry(9, '12:00', 'state', ['open', 2], ['closed', 4]),
  entry(10, '15:00', 'state', ['closed', 4], ['open', 2]),
  entry(11, '15:01', 'owner', ['Emma Taylor', 5], ['-', 1]),
]

const ticket = (time: string, state: string, more: object = {}) => ({
  id: 81,
  number: '10081',
  title: 'Webhook-Test',
  created_at: at('09:00'),
  updated_at: at(time),
  state,
  state_id: 2,
  priority: { id: 2, name: '2 normal', active: true },
  priority_id: 2,
  group: { id: 3, name: 'Service Desk', user_ids: [3, 4, 5] },
  group_id: 3,
  owner_id: 1,
  customer_id: 8,
  create_article_sender: 'Customer',
  create_article_type: 'email',
  article_ids: [104],
  close_at: null,
  sla_tier: 'gold',
  ...more,
})

export const webhooks = [
  { ticket: ticket('09:00', 'new'), article: articles[0] },
  { ticket: ticket('09:30', 'pending reminder', { owner_id: 5, priority: { id: 3, name: '3 high' } }), article: articles[3] },
  { ticket: ticket('11:00', 'open', { owner_id: 5 }), article: articles[5] },
  { ticket: ticket('12:00', 'closed', { owner_id: 5, close_at: at('12:00') }), article: {} },
  { ticket: ticket('15:00', 'open', { owner_id: 5, close_at: at('12:00') }), article: {} },
]
