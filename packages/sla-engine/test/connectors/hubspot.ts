// After https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide, .../crm-tickets-v3/guide and
// .../conversations-conversations-v3/guide. Values are made up.

const ms = (time: string) => Date.UTC(2026, 2, 2, Number(time.slice(0, 2)), Number(time.slice(3, 5)))
const at = (time: string) => new Date(ms(time)).toISOString()

const event = (n: number, time: string, subscriptionType: string, more: object = {}) => ({
  eventId: 3816279340 + n,
  subscriptionId: 25,
  portalId: 33,
  appId: 1160452,
  occurredAt: ms(time),
  subscriptionType,
  attemptNumber: 0,
  objectId: 44502,
  changeSource: 'CRM_UI',
  sourceId: 'userId:601',
  ...more,
})
const changed = (n: number, time: string, propertyName: string, propertyValue: string, more: object = {}) =>
  event(n, time, 'ticket.propertyChange', { propertyName, propertyValue, ...more })

export const events = [
  event(1, '09:00', 'ticket.creation', { changeFlag: 'NEW' }),
  changed(2, '09:20', 'hs_ticket_priority', 'HIGH'),
  changed(3, '09:20', 'hubspot_owner_id', '601'),
  changed(4, '09:30', 'hs_pipeline_stage', '2', { isSensitive: false }),
  changed(5, '11:00', 'hs_pipeline_stage', '3'),
  event(6, '12:00', 'object.propertyChange', { objectTypeId: '0-5', propertyName: 'hs_pipeline_stage', propertyValue: '4' }),
  changed(7, '15:00', 'hs_pipeline_stage', '3'),
  event(8, '15:01', 'object.propertyChange', { objectTypeId: '0-1', propertyName: 'firstname', propertyValue: 'Ada' }),
  event(9, '15:02', 'conversation.newMessage', { messageId: 'm-9', messageType: 'MESSAGE', changeFlag: 'NEW_MESSAGE' }),
]

const version = (time: string, value: string) => ({
  value,
  timestamp: at(time),
  sourceType: 'CRM_UI',
  sourceId: 'userId:601',
  updatedByUserId: 601,
})

export const tickets = [
  {
    id: '44502',
    createdAt: at('09:00'),
    updatedAt: at('15:00'),
    archived: false,
    properties: { hs_pipeline_stage: '3', subject: 'Printer on fire' },
    propertiesWithHistory: {
      hs_pipeline_stage: [
        version('15:00', '3'),
        version('12:00', '4'),
        version('11:00', '3'),
        version('09:30', '2'),
        version('09:00', '1'),
      ],
      hs_ticket_priority: [version('09:20', 'HIGH'), version('09:00', 'LOW')],
      hubspot_owner_id: [version('09:20', '601')],
      tier: [version('09:00', 'gold')],
    },
  },
]

const message = (n: number, time: string, type: string, actorId: string, more: object = {}) => ({
  id: `7a5d${n}`,
  type,
  conversationsThreadId: '1000',
  createdAt: at(time),
  updatedAt: at(time),
  createdBy: actorId,
  client: { clientType: 'HUBSPOT' },
  senders: [{ actorId, deliveryIdentifier: { type: 'HS_EMAIL_ADDRESS', value: 'someone@example.com' } }],
  recipients: [],
  archived: false,
  text: 'Hello',
  channelId: '1002',
  channelAccountId: '65',
  truncationStatus: 'NOT_TRUNCATED',
  status: { statusType: 'SENT' },
  ...more,
})

export const messages = [
  message(1, '09:00', 'MESSAGE', 'V-501', { direction: 'INCOMING', inReplyToId: null }),
  message(2, '09:01', 'MESSAGE', 'S-hubspot', { direction: 'OUTGOING', client: { clientType: 'SYSTEM' } }),
  message(3, '09:02', 'MESSAGE', 'B-3', { direction: 'OUTGOING' }),
  message(4, '09:10', 'COMMENT', 'A-601'),
  message(5, '09:30', 'MESSAGE', 'A-601', { direction: 'OUTGOING', sentiment: 'neutral' }),
  message(6, '11:00', 'MESSAGE', 'V-501', { direction: 'INCOMING' }),
  message(7, '12:00', 'THREAD_STATUS_CHANGE', 'A-601', { newStatus: 'CLOSED' }),
]

export const threads = [{ id: '1000', inboxId: '5', status: 'OPEN', threadAssociations: { associatedTicketId: '44502' } }]
