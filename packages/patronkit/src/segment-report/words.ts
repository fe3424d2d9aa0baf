import type { Locale } from '@patronkit/core'
import type { TierId } from './model.ts'

/** The words of the segment report in one language. A word that a language lacks is a type error. */
export interface SegmentWords {
  readonly title: string
  readonly period: (from: string, until: string) => string
  readonly rows: (read: string, used: string, refused: string) => string
  readonly customers: string
  readonly purchases: string
  readonly purchasesEach: string
  readonly amount: string
  readonly shareOfAmount: string
  readonly shareOfCustomers: string
  readonly valueOf: (months: string) => string
  readonly expectedOf: (months: string) => string
  readonly ofCustomers: (n: string, share: string) => string
  readonly stillBuying: string
  readonly best: string
  readonly rfmMap: string
  readonly mapAxes: readonly [recency: string, frequency: string]
  readonly mapSays: (n: string, share: string) => string
  readonly mapNote: string
  readonly shareSteps: readonly string[]
  readonly segment: string
  readonly segments: { readonly [segment: string]: string }
  readonly recency: string
  readonly tier: string
  readonly tiers: { readonly [T in TierId]: string }
  readonly tiersTitle: string
  readonly from: string
  readonly tiersSay: (tier: string, customers: string, amount: string) => string
  readonly shareOfValue: string
  readonly valueTitle: string
  readonly noValue: string
  readonly foretold: string
  readonly expected: string
  readonly happened: string
  readonly foretoldSays: (expected: string, happened: string) => string
  readonly noForetold: string
  readonly migration: (half: string) => string
  readonly migrationSays: (stayed: string, all: string) => string
  readonly before: string
  readonly after: string
  readonly nothing: string
  readonly fresh: string
  readonly migrationNote: (half: string) => string
  readonly top: string
  readonly topOf: (shown: string, all: string) => string
  readonly customer: string
  readonly score: string
  readonly table: (title: string) => string
  readonly definitions: string
  readonly notes: (i: { months: string; discount: string; half: string }) => readonly string[]
  readonly models: (i: { bg: string; spend: string }) => string
}

const BG_NBD =
  'Fader, Hardie and Lee (2005), “Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model”, Marketing Science 24(2), 275–284'
const GAMMA =
  'Fader, Hardie and Lee (2005), “RFM and CLV: Using Iso-Value Curves for Customer Base Analysis”, Journal of Marketing Research 42(4), 415–430'
const HYNDMAN = 'Hyndman and Fan, 1996'

/** Chinese terms are those of the glossary. */
export const SEGMENT_WORDS: { readonly [L in Locale]: SegmentWords } = {
  en: {
    title: 'Customer segments',
    period: (from, until) => `Purchases from ${from} to ${until}`,
    rows: (read, used, refused) => `Rows read ${read} = used ${used} + refused ${refused}`,
    customers: 'Customers',
    purchases: 'Purchases',
    purchasesEach: 'Purchases each',
    amount: 'Amount',
    shareOfAmount: 'Share of amount',
    shareOfCustomers: 'Share of customers',
    valueOf: (months) => `Value, next ${months} months`,
    expectedOf: (months) => `Purchases expected, next ${months} months`,
    ofCustomers: (n, share) => `${n} customers, ${share}`,
    stillBuying: 'Still buying',
    best: 'Best tier’s share of amount',
    rfmMap: 'Recency and frequency',
    mapAxes: ['Recency score (5 is latest)', 'Frequency score (5 is most)'],
    mapSays: (n, share) => `The fields with the highest recency and frequency hold ${n} customers with ${share} of the amount.`,
    mapNote: 'Each field: customers. The darker, the larger their share of the amount.',
    shareSteps: ['0%', '< 1%', '1–3%', '3–6%', '6–12%', '≥ 12%'],
    segment: 'Segment',
    segments: {},
    recency: 'Days since last',
    tier: 'Tier',
    tiers: { bronze: 'Bronze', silver: 'Silver', gold: 'Gold', platinum: 'Platinum' },
    tiersTitle: 'Tiers by value',
    from: 'From',
    tiersSay: (tier, customers, amount) => `${tier}: ${customers} of the customers, ${amount} of the amount.`,
    shareOfValue: 'Share of value',
    valueTitle: 'What tiers will be worth',
    noValue: 'There are too few customers who bought again for a model of their value.',
    foretold: 'What the first half foretold of the second',
    expected: 'Expected',
    happened: 'Happened',
    foretoldSays: (expected, happened) => `Purchases expected of customers of the first half: ${expected}; that happened: ${happened}.`,
    noForetold: 'The first half has too few customers who bought again to foretell from.',
    migration: (half) => `Where tiers went after ${half}`,
    migrationSays: (stayed, all) => `${stayed} of ${all} customers kept their tier.`,
    before: 'Tier in the first half',
    after: 'Tier in the second half',
    nothing: 'No purchase',
    fresh: 'New',
    migrationNote: (half) => `Share of each row. The same bounds, taken from the first half (to ${half}), hold for both halves.`,
    top: 'Customers by value',
    topOf: (shown, all) => `The first ${shown} of ${all}; --json has all.`,
    customer: 'Customer',
    score: 'RFM score',
    table: (title) => `Table: ${title}`,
    definitions: 'How the figures are defined',
    notes: ({ months, discount, half }) => [
      `RFM scores from 1 to 5 by quantiles of type 7 (${HYNDMAN}); equal figures have equal scores. Recency: days from the last purchase to the last day of the log. The names of segments are those of the R package rfm 0.3.0; the first that fits is taken.`,
      'Tiers: natural breaks of the logarithm of the amount, with the least squared distance within tiers, found exactly (Jenks).',
      `Value: purchases expected in ${months} months by BG/NBD (${BG_NBD}) × spend expected a purchase by Gamma-Gamma (${GAMMA}), discounted by ${discount} a month. Purchases of one day count as one; time is counted in weeks. Amounts are in the log’s currency, without margin.`,
      'Still buying: in BG/NBD customers leave only after a repeated purchase, so whoever bought once counts as still buying and is expected to buy little.',
      `First half: to ${half}. A model fitted to it alone expects purchases of the second half; those that happened are counted by days.`,
      'Refused rows have no customer, no day, no amount, or an amount below 0: refunds are no purchases.',
    ],
    models: ({ bg, spend }) => `BG/NBD: ${bg}. Gamma-Gamma: ${spend}.`,
  },
  'zh-CN': {
    title: '客群报告',
    period: (from, until) => `${from} 至 ${until} 的消费`,
    rows: (read, used, refused) => `读取 ${read} 行 = 采用 ${used} 行 + 拒收 ${refused} 行`,
    customers: '客户数',
    purchases: '消费次数',
    purchasesEach: '人均消费次数',
    amount: '金额',
    shareOfAmount: '金额占比',
    shareOfCustomers: '客户占比',
    valueOf: (months) => `未来 ${months} 个月价值`,
    expectedOf: (months) => `未来 ${months} 个月预期消费次数`,
    ofCustomers: (n, share) => `${n} 位客户，占 ${share}`,
    stillBuying: '仍活跃概率',
    best: '最高等级的金额占比',
    rfmMap: '近度与频度',
    mapAxes: ['近度得分（5 为最近）', '频度得分（5 为最多）'],
    mapSays: (n, share) => `近度与频度均最高的格子有 ${n} 位客户，占金额的 ${share}。`,
    mapNote: '每格数字为客户数；颜色越深，金额占比越高。',
    shareSteps: ['0%', '< 1%', '1–3%', '3–6%', '6–12%', '≥ 12%'],
    segment: '客群',
    segments: {
      Champions: '重要价值客户',
      'Potential Loyalist': '潜在忠诚客户',
      'Loyal Customers': '忠诚客户',
      Promising: '有潜力客户',
      'New Customers': '新客户',
      "Can't Lose Them": '不可流失客户',
      'At Risk': '流失风险客户',
      'Need Attention': '需关注客户',
      'About To Sleep': '即将沉睡客户',
      Lost: '已流失客户',
      Others: '其他',
    },
    recency: '距上次消费天数',
    tier: '等级',
    tiers: { bronze: '铜级', silver: '银级', gold: '金级', platinum: '铂金级' },
    tiersTitle: '按价值划分的等级',
    from: '起点',
    tiersSay: (tier, customers, amount) => `${tier}：客户占 ${customers}，金额占 ${amount}。`,
    shareOfValue: '价值占比',
    valueTitle: '各等级的未来价值',
    noValue: '再次消费的客户太少，无法建立价值模型。',
    foretold: '前半期对后半期的预测',
    expected: '预期',
    happened: '实际',
    foretoldSays: (expected, happened) => `前半期客户在后半期的消费次数：预期 ${expected}，实际 ${happened}。`,
    noForetold: '前半期再次消费的客户太少，无法预测。',
    migration: (half) => `${half} 之后的等级迁移`,
    migrationSays: (stayed, all) => `${all} 位客户中有 ${stayed} 位等级不变。`,
    before: '前半期等级',
    after: '后半期等级',
    nothing: '未消费',
    fresh: '新增',
    migrationNote: (half) => `每行的占比。等级界限取自前半期（至 ${half}），对两个半期相同。`,
    top: '按价值排序的客户',
    topOf: (shown, all) => `显示前 ${shown} 位，共 ${all} 位；全部见 --json。`,
    customer: '客户',
    score: 'RFM 得分',
    table: (title) => `表格：${title}`,
    definitions: '指标口径',
    notes: ({ months, discount, half }) => [
      `RFM 得分 1 至 5，按第 7 类分位数（${HYNDMAN}）划分，数值相同则得分相同。近度：最后一次消费至日志最后一天的天数。客群名称取自 R 包 rfm 0.3.0，取最先符合者。`,
      '等级：对金额的对数作自然断点划分，使等级内平方距离之和最小，为精确解（Jenks）。',
      `价值：BG/NBD 模型（${BG_NBD}）得出的未来 ${months} 个月预期消费次数 × Gamma-Gamma 模型（${GAMMA}）得出的预期单次金额，按每月 ${discount} 折现。同一天的消费算一次，时间以周计。金额为日志中的币种，未计毛利率。`,
      '仍活跃概率：BG/NBD 假定客户只会在再次消费之后流失，所以只消费过一次的客户算作仍活跃，但预期消费次数很少。',
      `前半期：至 ${half}。仅用前半期拟合的模型预测后半期的消费次数，实际次数按天计。`,
      '拒收的行：没有客户、日期或金额，或金额小于 0（退款不算消费）。',
    ],
    models: ({ bg, spend }) => `BG/NBD：${bg}。Gamma-Gamma：${spend}。`,
  },
}
