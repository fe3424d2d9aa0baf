// After the tables task, incident, sys_audit and sys_journal_field as https://www.servicenow.com/docs describes them, read through
// the Table API with sysparm_display_value=false. Values are made up.

const task = '9d385017c611228701d22104cc95c371'
const at = (time: string) => `2026-03-02 ${time}:00`
const id = (n: number) => `${n}`.padStart(32, 'a')

export const records = [
  {
    sys_id: task,
    sys_class_name: 'incident',
    number: 'INC0010042',
    opened_at: at('09:00'),
    sys_created_on: at('09:00'),
    sys_updated_on: at('15:00'),
    opened_by: { link: 'https://acme.service-now.com/api/now/table/sys_user/62826bf0', value: '62826bf03710200044e0bfc8bcbe5df1' },
    caller_id: { link: 'https://acme.service-now.com/api/now/table/sys_user/62826bf0', value: '62826bf03710200044e0bfc8bcbe5df1' },
    'caller_id.user_name': 'ada.lovelace',
    contact_type: 'self-service',
    state: '2',
    hold_reason: '',
    priority: '1',
    category: 'hardware',
    assigned_to: { link: '', value: '46d44a23a9fe19810012d100cca80666' },
    assignment_group: { link: '', value: '287ebd7da9fe198100f92cc8d1d2154e' },
    business_duration: '',
    u_tier: 'gold',
  },
]

const audit = (n: number, time: string, fieldname: string, oldvalue: string, newvalue: string) => ({
  sys_id: id(n),
  documentkey: task,
  tablename: 'incident',
  fieldname,
  oldvalue,
  newvalue,
  user: 'sam.smith',
  sys_created_on: at(time),
  sys_created_by: 'sam.smith',
  record_checkpoint: '1',
  reason: null,
})

export const audits = [
  audit(1, '09:20', 'priority', '3', '1'),
  audit(2, '09:20', 'assigned_to', '', '46d44a23a9fe19810012d100cca80666'),
  audit(3, '09:25', 'state', '1', '2'),
  // the reason may stand before the state that it explains
  audit(5, '09:30', 'hold_reason', '', '1'),
  audit(4, '09:30', 'state', '2', '3'),
  audit(6, '11:00', 'state', '3', '2'),
  audit(7, '11:00', 'hold_reason', '1', ''),
  audit(8, '12:00', 'state', '2', '6'),
  audit(9, '15:00', 'state', '6', '2'),
  audit(10, '09:10', 'work_notes', '', 'Looks like a fuse.'),
]

const journal = (n: number, time: string, element: string, by: string) => ({
  sys_id: id(100 + n),
  element,
  element_id: task,
  name: 'incident',
  value: 'Hello',
  sys_created_by: by,
  sys_created_on: at(time),
})

export const journals = [
  journal(1, '09:01', 'comments', 'system'),
  journal(2, '09:10', 'work_notes', 'sam.smith'),
  journal(3, '09:30', 'comments', 'sam.smith'),
  journal(4, '11:00', 'comments', 'ada.lovelace'),
]
