import type { Functions, Suite } from '../runner.ts'
import { isRefusal } from '../runner.ts'

type Api = typeof import('../../packages/business-time/src/index.ts')

interface Calendar {
  readonly timezone: string
  readonly hours: Parameters<Api['defineCalendar']>[0]['week']
  readonly holidays?: Parameters<Api['defineCalendar']>[0]['holidays']
  readonly shifts?: Parameters<Api['defineCalendar']>[0]['shifts']
  readonly breaks?: Parameters<Api['defineCalendar']>[0]['breaks']
}

interface At {
  readonly calendar: Calendar
  readonly at: string
}

type Amount = At & { readonly amount: number; readonly unit: keyof typeof UNITS }

const UNITS = { seconds: 'workingSeconds', minutes: 'workingMinutes', hours: 'workingHours', days: 'workingDays' } as const

function functions(api: Api): Functions {
  const calendar = ({ timezone, hours, ...dates }: Calendar) =>
    api.defineCalendar({ id: 'case', zone: timezone, week: hours ?? {}, ...dates })
  const duration = ({ amount, unit }: Amount) => ({ [UNITS[unit]]: amount })
  const periods = (input: At & { take: number }, direction: 'forward' | 'backward') =>
    api
      .listOpenIntervals({ calendar: calendar(input.calendar), from: input.at, take: input.take, direction })
      .map(({ from, to }) => [from, to])

  return {
    add: (input: Amount, { case: { convention } }) =>
      api.addWorkingTime({
        calendar: calendar(input.calendar),
        at: input.at,
        duration: duration(input),
        exactEnd: convention === 'exact-end-returns-next-open' ? 'next-opening' : 'close',
      }),
    subtract: (input: Amount) => api.subtractWorkingTime({ calendar: calendar(input.calendar), at: input.at, duration: duration(input) }),
    within: (input: { calendar: Calendar; from: string; to: string }) =>
      api.workingTimeBetween({ calendar: calendar(input.calendar), from: input.from, to: input.to }) / 1000,
    in_hours: (input: At) => api.isOpen({ calendar: calendar(input.calendar), at: input.at }),
    on_break: (input: At) => api.isBreak({ calendar: calendar(input.calendar), at: input.at }),
    on_holiday: (input: At) => api.isHoliday({ calendar: calendar(input.calendar), at: input.at }),
    periods_after: (input: At & { take: number }) => periods(input, 'forward'),
    periods_before: (input: At & { take: number }) => periods(input, 'backward'),
    resolve_local: (input: { calendar: Calendar; date: `${number}-${number}-${number}`; time: string }) =>
      api.localInstant({ calendar: calendar(input.calendar), date: input.date, time: input.time }),
    config_error: (input: { calendar: Calendar }) => {
      try {
        calendar(input.calendar)
        return false
      } catch (error) {
        if (isRefusal(error)) return true
        throw error
      }
    },
  }
}

export const businessTime: Suite = {
  name: 'business-time',
  open: async (load) => functions(await load<Api>('business-time')),
}
