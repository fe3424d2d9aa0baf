import type { Explanation, Locale } from '@patronkit/core'
import { type Catalogue, explained, renderExplanation } from '@patronkit/core/service'
import type { Answer } from './decision.ts'

type Data = { readonly [name: string]: unknown }

/** +5 or −5, with the sign that a ledger shows. */
const signed = (data: Data): string => {
  const points = data.points as number
  return points < 0 ? `−${-points}` : `+${points}`
}

const worth = (data: Data): string => {
  const money = data.worth as { amount: string; currency: string } | null
  return money ? ` (${money.amount} ${money.currency})` : ''
}

const WHY_EN: { readonly [why: string]: string } = {
  spend: 'for the amount spent',
  event: 'for what happened',
  items: 'for the items bought',
  streak: 'for the streak',
  achievement: 'for the achievement',
  condition: 'its condition does not hold',
  'too-little': 'too little for a point',
  'no-order': 'there is no order',
  'other-event': 'something else happened',
  'no-item': 'no item counts',
  'another-rule-won': 'another rule won',
  'another-campaign-won': 'another campaign won',
  dates: 'outside its dates',
  budget: 'its budget is used up',
  'budget-unknown': 'what is left of its budget is unknown',
}

const WHY_ZH: { readonly [why: string]: string } = {
  spend: '按消费金额',
  event: '按事件',
  items: '按所购商品',
  streak: '连续达成',
  achievement: '成就',
  condition: '条件不满足',
  'too-little': '不足一分',
  'no-order': '没有订单',
  'other-event': '事件不符',
  'no-item': '没有符合的商品',
  'another-rule-won': '其他规则优先',
  'another-campaign-won': '其他活动优先',
  dates: '不在活动期内',
  budget: '活动预算已用完',
  'budget-unknown': '活动预算余额未知',
}

const en = (data: Data): string => WHY_EN[data.why as string] ?? String(data.why)
const zh = (data: Data): string => WHY_ZH[data.why as string] ?? String(data.why)

/** The words of this package's explanations. */
export const WORDS: Catalogue = {
  en: {
    'loyalty/points': (d) => `${signed(d)} ${d.currency}`,
    'loyalty/rule': (d) => `rule ${d.rule}: ${signed(d)} ${d.currency} ${en(d)}`,
    'loyalty/rule-passed': (d) => `rule ${d.rule}: nothing, ${en(d)}`,
    'loyalty/campaign': (d) => `campaign ${d.campaign}: ${signed(d)} ${d.currency}`,
    'loyalty/campaign-passed': (d) => `campaign ${d.campaign}: nothing, ${en(d)}`,
    'loyalty/cap': (d) => `cap ${d.cap}: ${signed(d)} ${d.currency}`,
    'loyalty/under-review': (d) => `waits: limit ${d.limit} was passed, and somebody looks at it`,
    'loyalty/spend-limit': (d) => `limit ${d.limit}: ${d.spent} of ${d.allowed} ${d.of} used until ${d.until}`,
    'loyalty/offer': (d) => `offer ${d.offer}: ${signed(d)} ${d.currency}`,
    'loyalty/granted': (d) => `granted ${signed(d)} ${d.currency}: ${d.reason}`,
    'loyalty/reinstated': (d) => `${signed(d)} ${d.currency} back that expired in the last ${d.days} days`,
    'loyalty/spent': (d) => `spent ${signed(d)} ${d.currency}${worth(d)}`,
    'loyalty/held': (d) => `held ${signed(d)} ${d.currency}${worth(d)}`,
    'loyalty/released': (d) => `released ${signed(d)} ${d.currency}`,
    'loyalty/settled': (d) => `settled ${signed(d)} ${d.currency} of ${d.posting}`,
    'loyalty/deducted': (d) => `deducted ${signed(d)} ${d.currency}: ${d.reason}`,
    'loyalty/given-back': (d) => `given back ${signed(d)} ${d.currency} of ${d.spend}`,
    'loyalty/clawed-back': (d) =>
      `taken back ${signed(d)} ${d.currency} by ${d.policy} (${d.lapsed} were gone before, ${d.debt} owed, ${d.forgiven} forgiven)`,
    'loyalty/refunded-before': (d) => `refunded before it earned: ${signed(d)} ${d.currency} by ${d.policy}`,
    'loyalty/transferred': (d) => `transferred ${signed(d)} ${d.currency}, other side ${d.account}`,
    'loyalty/merged': (d) => `merge with ${d.account}: ${signed(d)} ${d.currency}`,
  },
  'zh-CN': {
    'loyalty/points': (d) => `${signed(d)} ${d.currency}`,
    'loyalty/rule': (d) => `规则 ${d.rule}：${zh(d)} ${signed(d)} ${d.currency}`,
    'loyalty/rule-passed': (d) => `规则 ${d.rule}：未计分，${zh(d)}`,
    'loyalty/campaign': (d) => `活动 ${d.campaign}：${signed(d)} ${d.currency}`,
    'loyalty/campaign-passed': (d) => `活动 ${d.campaign}：未计分，${zh(d)}`,
    'loyalty/cap': (d) => `上限 ${d.cap}：${signed(d)} ${d.currency}`,
    'loyalty/under-review': (d) => `待审核：超过限额 ${d.limit}`,
    'loyalty/spend-limit': (d) => `限额 ${d.limit}：至 ${d.until} 已用 ${d.spent}/${d.allowed}${d.of === 'points' ? '分' : '次'}`,
    'loyalty/offer': (d) => `优惠 ${d.offer}：${signed(d)} ${d.currency}`,
    'loyalty/granted': (d) => `赠送 ${signed(d)} ${d.currency}：${d.reason}`,
    'loyalty/reinstated': (d) => `恢复最近 ${d.days} 天到期的 ${signed(d)} ${d.currency}`,
    'loyalty/spent': (d) => `使用 ${signed(d)} ${d.currency}${worth(d)}`,
    'loyalty/held': (d) => `预占 ${signed(d)} ${d.currency}${worth(d)}`,
    'loyalty/released': (d) => `释放 ${signed(d)} ${d.currency}`,
    'loyalty/settled': (d) => `生效 ${d.posting} 的 ${signed(d)} ${d.currency}`,
    'loyalty/deducted': (d) => `扣减 ${signed(d)} ${d.currency}：${d.reason}`,
    'loyalty/given-back': (d) => `退还 ${d.spend} 的 ${signed(d)} ${d.currency}`,
    'loyalty/clawed-back': (d) => `追回 ${signed(d)} ${d.currency}（此前已失效 ${d.lapsed}，欠 ${d.debt}，免除 ${d.forgiven}）`,
    'loyalty/refunded-before': (d) => `计分前已退款：${signed(d)} ${d.currency}`,
    'loyalty/transferred': (d) => `转让 ${signed(d)} ${d.currency}，对方账户 ${d.account}`,
    'loyalty/merged': (d) => `与 ${d.account} 合并：${signed(d)} ${d.currency}`,
  },
}

/** An answer in English words: each rule with its points, and why others gave none. */
export const explainAnswer = (answer: Pick<Answer, 'points' | 'lines'>, currency: string): Explanation =>
  explained(WORDS, { code: 'loyalty/points', data: { points: answer.points, currency } }, answer.lines, 'UTC')

/** An explanation of this package in the words of another language. */
export const render = (explanation: Explanation, o: { locale: Locale; zone: string }): Explanation =>
  renderExplanation(WORDS, explanation, o)
