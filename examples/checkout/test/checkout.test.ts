import { afterAll, beforeAll, expect, test } from 'vitest'
import { buy, offer, pay, refund } from '../src/checkout.ts'
import { openShop, orders, refunds, type Shop, stars } from '../src/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const cart = (id: string, customer: string, points = 500) => ({ id, customer, total: '21.90', points })
const paid: string[] = []
const charge = async (amount: string) => void paid.push(amount)
const balance = (account: string) =>
  shop.kit.for({ tenant: 'shop', by: { type: 'system', id: 'test' } }).loyalty.balance({ account, programme: stars.id })

test('a checkout with points: held before the card, captured and earned with the order row, refunded in parts', async () => {
  await buy(shop, { id: 'a_1', customer: 'a', total: '600.00' })
  expect((await offer(shop, cart('a_2', 'a'))).leftToPay.amount).toBe('16.90')
  expect(await pay(shop, cart('a_2', 'a'), charge)).toEqual({ status: 'paid', paid: '16.90', earned: 16, available: 116 })
  expect(paid).toEqual(['16.90'])
  const first = await refund(shop, { id: 'ra_1', order: 'a_2', customer: 'a', amount: '10.00' })
  const second = await refund(shop, { id: 'ra_2', order: 'a_2', customer: 'a', amount: '11.90' })
  expect(first.clawedBack + second.clawedBack).toBe(16)
  expect(first.givenBack + second.givenBack).toBe(500)
  expect(Number(first.moneyBack.amount) + Number(second.moneyBack.amount)).toBeCloseTo(16.9, 10)
  expect(await balance('a')).toMatchObject({ available: 600, held: 0 })
})

test('a refused card frees the points at once and leaves no order', async () => {
  await buy(shop, { id: 'b_1', customer: 'b', total: '600.00' })
  const refusing = () => Promise.reject(new Error('card refused'))
  expect(await pay(shop, cart('b_2', 'b'), refusing)).toEqual({ status: 'refused', available: 600 })
  expect((await shop.db.select().from(orders)).map(({ id }) => id)).not.toContain('b_2')
})

test('who has too few points is told how many are missing, and no card is charged', async () => {
  await buy(shop, { id: 'c_1', customer: 'c', total: '120.00' })
  const before = paid.length
  expect(await pay(shop, cart('c_2', 'c'), charge)).toEqual({ status: 'short', by: 380 })
  expect(paid.length).toBe(before)
})

test('when the order row cannot be written, capture and earning go with it', async () => {
  await buy(shop, { id: 'd_1', customer: 'd', total: '600.00' })
  // the id of an order that is there already
  await expect(pay(shop, { ...cart('d_1', 'd') }, charge)).rejects.toThrow()
  expect(await balance('d')).toMatchObject({ posted: 600, available: 100, held: 500 })
  expect(await shop.db.select().from(refunds)).toHaveLength(2)
})
