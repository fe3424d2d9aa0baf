import { attempt, isPatronkitError } from '@patronkit/core'
import { fromDrizzle } from '@patronkit/storage-sql/drizzle'
import { orders, refunds, type Shop, stars } from './shop.ts'

export interface Cart {
  readonly id: string
  readonly customer: string
  readonly total: string
  /** Points that the customer wants to use. */
  readonly points: number
}

/** Takes the money, or throws when the bank says no. */
export type Charge = (amount: string) => Promise<void>

const eur = (amount: string) => ({ amount, currency: 'EUR' })
const domains = ({ kit }: Shop, customer: string) => kit.for({ tenant: 'shop', by: { type: 'customer', id: customer } })
const asked = ({ id, customer, total, points }: Cart) => ({
  account: customer,
  programme: stars.id,
  points,
  for: { minutes: 15 },
  order: { id, total: eur(total) },
})

/** The cart page: what the points would be worth. Nothing is written. */
export const offer = (shop: Shop, cart: Cart) => domains(shop, cart.customer).loyalty.preview.hold(asked(cart))

/** What a checkout came to. */
export type Paid =
  | { readonly status: 'paid'; readonly paid: string; readonly earned: number; readonly available: number }
  | { readonly status: 'short'; readonly by: number }
  | { readonly status: 'refused'; readonly available: number }

/**
 * Holds the points, charges the card, then writes the order row, the capture and what the order earns in one transaction. If the card is
 * refused the points are free again at once; if this process dies in between, they are after 15 minutes.
 */
export async function pay(shop: Shop, cart: Cart, charge: Charge): Promise<Paid> {
  const { loyalty } = domains(shop, cart.customer)
  const held = await attempt(() => loyalty.hold({ idempotencyKey: cart.id, ...asked(cart) }))
  if (!held.ok) {
    if (!isPatronkitError(held.error, 'loyalty/insufficient-points')) throw held.error
    return { status: 'short', by: held.error.details.requested - held.error.details.available }
  }
  const { id: hold, worth, leftToPay } = held.value
  try {
    await charge(leftToPay.amount)
  } catch {
    const { available } = await loyalty.release({ idempotencyKey: cart.id, hold })
    return { status: 'refused', available }
  }
  return shop.db.transaction(async (tx) => {
    await tx.insert(orders).values({ id: cart.id, customer: cart.customer, total: cart.total, paid: leftToPay.amount, pointsHold: hold })
    const mine = domains(shop, cart.customer).in(fromDrizzle(tx)).loyalty
    await mine.capture({ idempotencyKey: cart.id, hold })
    const order = { id: cart.id, total: eur(cart.total), paidWithPoints: worth }
    const { points, available } = await mine.earn({ idempotencyKey: cart.id, account: cart.customer, programme: stars.id, order })
    return { status: 'paid', paid: leftToPay.amount, earned: points, available }
  })
}

/** An order without points: the row and what it earns. */
export const buy = (shop: Shop, o: { readonly id: string; readonly customer: string; readonly total: string }) =>
  shop.db.transaction(async (tx) => {
    await tx.insert(orders).values({ ...o, paid: o.total })
    const { loyalty } = domains(shop, o.customer).in(fromDrizzle(tx))
    return loyalty.earn({ idempotencyKey: o.id, account: o.customer, programme: stars.id, order: { id: o.id, total: eur(o.total) } })
  })

/** Goods come back, some or all: what of the amount is money, and what was taken back and given back in points. */
export const refund = (
  shop: Shop,
  r: { readonly id: string; readonly order: string; readonly customer: string; readonly amount: string },
) =>
  shop.db.transaction(async (tx) => {
    await tx.insert(refunds).values({ id: r.id, order: r.order, amount: r.amount })
    return domains(shop, r.customer)
      .in(fromDrizzle(tx))
      .loyalty.refund({ idempotencyKey: r.id, order: r.order, amount: eur(r.amount) })
  })
