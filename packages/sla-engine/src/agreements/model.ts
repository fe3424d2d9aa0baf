import type { CalendarDefinition } from '@patronkit/business-time/calendar'
import type { Duration, Instant } from '@patronkit/core'
import type { Attributes } from '../model.ts'
import type { SlaPolicy } from '../policy.ts'

/** One promise of a chain: whose it is and how long it may take. */
export interface Share {
  readonly agreement: string
  readonly policy: string
  readonly metric: string
  /** The team, where the policy has a clock for each. */
  readonly party: string | null
  readonly length: Duration
}

/** Whether what was agreed inside fits into what was promised outside, for one kind of item. */
export interface AgreementCheck {
  /** Whose shares are added up: `ola`, or `ola + uc` where they are used up together. */
  readonly agreement: string
  readonly promise: Share
  readonly shares: readonly Share[]
  /** Parties that nothing binds for such items: their time has no limit, so nothing fits. */
  readonly unbound: readonly string[]
  /** An item of this kind; attributes that are left out have none of the values that policies name. */
  readonly attributes: Attributes
  /** In what the promise counts: working time of its calendar, or wall time. */
  readonly counts: 'working' | 'wall'
  readonly allowedMs: number
  readonly sumMs: number
  /** Allowed minus sum, from the worst start; negative where it does not fit. */
  readonly leftMs: number
  readonly worstStart: Date
  readonly fits: boolean
}

export interface AgreementQuestion {
  readonly policies: readonly SlaPolicy[]
  /** Every calendar that the policies count on; `24x7` need not be given. */
  readonly calendars: readonly CalendarDefinition[]
  /** The span of starts that is searched for the worst. A year from `from` unless told. */
  readonly from: Instant
  readonly to?: Instant
  /** The agreement into whose promises the others have to fit. Default `sla`. */
  readonly outer?: string
  /** Agreements that are used up one after the other, such as `['ola', 'uc']`. Default: each has to fit by itself. */
  readonly together?: readonly string[]
  /** All values of an attribute that `per` names; default those that the policies name. */
  readonly parties?: { readonly [attribute: string]: readonly string[] }
  /** Which outer metric an inner one uses up. Default the same one, and `ownership` uses up `resolution`. */
  readonly uses?: { readonly [metric: string]: string }
}
