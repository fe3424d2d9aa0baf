import { buy, offer, pay, refund } from './checkout.ts'
import { openShop, stars } from './shop.ts'

const shop = await openShop()
const on = { account: 'c_42', programme: stars.id }
const { loyalty } = shop.kit.for({ tenant: 'shop', by: { type: 'system', id: 'desk' } })
const say = (what: string, ...more: readonly unknown[]) => console.log(what.padEnd(46), ...more)
const available = async () => (await loyalty.balance(on)).available

const first = await buy(shop, { id: 'o_1', customer: 'c_42', total: '600.00' })
say('o_1 for 600.00 earns', first.points, 'points:', first.explanation.lines[0]?.text)

const cart = { id: 'o_2', customer: 'c_42', total: '21.90', points: 500 }
const quote = await offer(shop, cart)
say('500 points on a cart of 21.90 would leave', quote.leftToPay.amount, 'to pay')

const refused = await pay(shop, cart, async () => {
  throw new Error('card refused')
})
say('the card is refused, the points are free again:', refused.status, await available())

const paid = await pay(shop, { ...cart, id: 'o_3' }, async (amount) => say('the card is charged', amount))
say('paid, captured and earned with the order row:', paid)

for (const [id, amount] of [
  ['r_1', '10.00'],
  ['r_2', '11.90'],
] as const) {
  const { clawedBack, givenBack, moneyBack } = await refund(shop, { id, order: 'o_3', customer: 'c_42', amount })
  say(`${amount} of o_3 comes back:`, { clawedBack, givenBack, money: moneyBack.amount }, 'points now', await available())
}

const { id, root, accounts } = await loyalty.anchor({ idempotencyKey: 'today' })
const { broken, events } = await loyalty.verify({ anchor: { id, root } })
say(`${accounts} account, ${events} events, verified:`, broken === null)
await shop.close()
