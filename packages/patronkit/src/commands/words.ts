import type { Locale } from '@patronkit/core'

/** What the commands say on the screen. */
export interface Says {
  readonly reading: string
  readonly valuing: string
  readonly rows: (read: number, used: number, refused: number) => string
  readonly refused: (file: string) => string
  readonly page: (url: string) => string
}

export const SAYS: { readonly [L in Locale]: Says } = {
  en: {
    reading: 'Reading',
    valuing: 'Valuing',
    rows: (read, used, refused) => `Rows read ${read} = used ${used} + refused ${refused}`,
    refused: (file) => `Refused rows, with line and reason: ${file}`,
    page: (url) => `Report: ${url}`,
  },
  'zh-CN': {
    reading: '读取中',
    valuing: '估值中',
    rows: (read, used, refused) => `读取 ${read} 行 = 采用 ${used} 行 + 拒收 ${refused} 行`,
    refused: (file) => `拒收的行（含行号与原因）：${file}`,
    page: (url) => `报告：${url}`,
  },
}
