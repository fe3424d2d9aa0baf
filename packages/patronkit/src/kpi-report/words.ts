import type { Locale } from '@patronkit/core'

/** The words of the KPI reports in one language. A word that a language lacks is a type error. */
export interface KpiWords {
  readonly indexTitle: (name: string) => string
  readonly attainmentTitle: string
  readonly asOf: (instant: string, zone: string) => string
  readonly made: (units: string, measures: string, groups: string) => string
  readonly first: string
  readonly last: string
  readonly units: string
  readonly spreadOfScores: string
  readonly filled: string
  readonly ofCells: (all: string) => string
  readonly treated: string
  readonly firmest: string
  readonly placesLow: (low: string, high: string) => string
  readonly scoresByPart: string
  readonly topOf: (shown: string, all: string) => string
  readonly chartSays: (first: string, score: string, last: string, lowest: string) => string
  readonly ranking: string
  readonly rank: string
  readonly unit: string
  readonly score: string
  readonly between: string
  readonly without: string
  readonly withoutTitle: string
  readonly weight: string
  readonly placesMoved: string
  readonly measure: string
  readonly how: { readonly [how: string]: string }
  readonly pulledIn: string
  readonly leftOut: string
  readonly known: string
  readonly none: string
  readonly table: (title: string) => string
  readonly definitions: string
  readonly indexNotes: (spread: string, draws: string) => readonly string[]
  readonly metrics: { readonly [metric: string]: string }
  readonly month: string
  readonly quarter: string
  readonly lastMonth: string
  readonly lowest: string
  readonly attainment: string
  readonly attainmentOf: (metric: string) => string
  readonly signals: string
  readonly signalsIn: (months: string, of: string) => string
  readonly rule: (rules: string) => string
  readonly centre: string
  readonly limits: string
  readonly signal: string
  readonly controlSays: (metric: string, centre: string, months: string, signals: string) => string
  readonly byMonth: string
  readonly closedAs: string
  readonly keptOf: (met: string, judged: string) => string
  readonly change: (from: string, to: string) => string
  readonly changeSays: (before: string, after: string, change: string) => string
  readonly noChange: string
  readonly effects: { readonly [cause in 'rate' | 'mix' | 'target' | 'weight']: string }
  readonly sum: string
  readonly byGroup: (attribute: string) => string
  readonly noGroup: string
  readonly attainmentNotes: (attribute: string, zone: string) => readonly string[]
}

const NELSON = 'Nelson, L. S. (1984), “The Shewhart Control Chart: Tests for Special Causes”, Journal of Quality Technology 16(4), 237–239'
const HANDBOOK = 'OECD and JRC (2008), Handbook on Constructing Composite Indicators, ISBN 978-92-64-04345-9'

/** Chinese terms are those of the glossary. */
export const KPI_WORDS: { readonly [L in Locale]: KpiWords } = {
  en: {
    indexTitle: (name) => `Index report: ${name}`,
    attainmentTitle: 'Service level scorecard',
    asOf: (instant, zone) => `As of ${instant}, ${zone}`,
    made: (units, measures, groups) => `${units} units, ${measures} measures in ${groups} groups`,
    first: 'First',
    last: 'Last',
    units: 'Units scored',
    spreadOfScores: 'Scores from, to',
    filled: 'Values filled in',
    ofCells: (all) => `of ${all}`,
    treated: 'Measures with outliers pulled in',
    firmest: 'Least certain place',
    placesLow: (low, high) => `between ${low} and ${high}`,
    scoresByPart: 'Scores and what they are made of',
    topOf: (shown, all) => `The chart shows the first ${shown} of ${all}; the table has all.`,
    chartSays: (first, score, last, lowest) =>
      `From ${first} with ${score} to ${last} with ${lowest}; each bar is made of the points of its parts.`,
    ranking: 'Ranking',
    rank: 'Rank',
    unit: 'Unit',
    score: 'Score',
    between: 'Rank, other weights',
    without: 'Without',
    withoutTitle: 'How much depends on each part',
    weight: 'Weight in its group',
    placesMoved: 'Places moved on average',
    measure: 'Measure',
    how: { winsorised: 'set to the next value', logarithm: 'logarithm taken' },
    pulledIn: 'Units',
    leftOut: 'Left out for missing values',
    known: 'Known',
    none: 'None',
    table: (title) => `Table: ${title}`,
    definitions: 'How the figures are defined',
    indexNotes: (spread, draws) => [
      `Steps: divide by denominators, fill missing values with the mean of their group, leave out units with less than 90% known, ` +
        `treat outliers, put every measure on 0 to 100 between the least and the greatest value, weighted means up the tree (${HANDBOOK}).`,
      'Outliers: a measure with |skewness| of at least 2 and kurtosis of at least 3.5 has its outermost values set to the next one, at most five, or else its logarithm taken.',
      'Points: what each part gives to the score; those of a unit sum to its score.',
      `Rank, other weights: nine in ten of ${draws} draws in which every weight moves by up to ${spread} leave the unit between these places.`,
      'Places moved: the mean change of rank over all units when the part is left out.',
    ],
    metrics: { 'first-reply': 'First reply', 'time-to-own': 'Time to own', resolution: 'Resolution' },
    month: 'Month',
    quarter: 'Quarter',
    lastMonth: 'Last closed month',
    lowest: 'Lowest month',
    attainment: 'Attainment',
    attainmentOf: (metric) => `${metric}: attainment by month, with control limits`,
    signals: 'Signals',
    signalsIn: (months, of) => `in ${months} of ${of} months`,
    rule: (rules) => `rule ${rules}`,
    centre: 'Mean',
    limits: 'Control limits',
    signal: 'Signal',
    controlSays: (metric, centre, months, signals) => `${metric}: mean ${centre} over ${months} months, ${signals} of them with a signal.`,
    byMonth: 'Scorecard by month',
    closedAs: 'Closed as',
    keptOf: (met, judged) => `${met} of ${judged}`,
    change: (from, to) => `Why the score changed from ${from} to ${to}`,
    changeSays: (before, after, change) => `From ${before} to ${after}: ${change}. The effects sum to the change.`,
    noChange: 'There are not two quarters with a score to compare.',
    effects: { rate: 'Own rates', mix: 'Mix of groups', target: 'Targets', weight: 'Weights' },
    sum: 'Sum',
    byGroup: (attribute) => `Attainment by ${attribute}`,
    noGroup: '(none)',
    attainmentNotes: (attribute, zone) => [
      'Attainment: promises kept ÷ (promises kept + promises broken), in the month in which the item was opened; those still running are not judged. Shares are rounded down.',
      'Score: the mean of the metrics’ attainments. A month is closed once it is over; the hash covers the versions used and the score, and a replay gives the same bytes.',
      `Control limits: three standard deviations of a share of that month’s size around the mean of all months (p chart). Signal: one of the eight rules of ${NELSON}.`,
      `Mix: the groups of “${attribute}” weigh differently than before. Own rates: the groups themselves kept more or less. Both are averages over all orders in which causes could have changed (Shapley).`,
      `Months and quarters are those of ${zone}.`,
    ],
  },
  'zh-CN': {
    indexTitle: (name) => `综合指数报告：${name}`,
    attainmentTitle: '服务级别计分卡',
    asOf: (instant, zone) => `截至 ${instant}（${zone}）`,
    made: (units, measures, groups) => `${units} 个对象，${measures} 个指标项，${groups} 个分组`,
    first: '第一名',
    last: '末位',
    units: '计分对象',
    spreadOfScores: '得分范围',
    filled: '填补的数值',
    ofCells: (all) => `共 ${all}`,
    treated: '处理离群值的指标项',
    firmest: '名次最不确定',
    placesLow: (low, high) => `第 ${low} 至 ${high} 名`,
    scoresByPart: '得分及其构成',
    topOf: (shown, all) => `图中为前 ${shown} 名（共 ${all}），表中为全部。`,
    chartSays: (first, score, last, lowest) => `从 ${first}（${score}）到 ${last}（${lowest}）；每条由各部分的贡献值组成。`,
    ranking: '排名',
    rank: '名次',
    unit: '对象',
    score: '得分',
    between: '权重变动时的名次',
    without: '去掉',
    withoutTitle: '各部分的影响',
    weight: '组内权重',
    placesMoved: '平均名次变动',
    measure: '指标项',
    how: { winsorised: '改为相邻值', logarithm: '取对数' },
    pulledIn: '对象',
    leftOut: '因缺失而排除',
    known: '已知',
    none: '无',
    table: (title) => `表：${title}`,
    definitions: '指标口径',
    indexNotes: (spread, draws) => [
      `步骤：除以分母；以同组均值填补缺失；已知不足 90% 的对象排除；处理离群值；每个指标项按最小值与最大值换算到 0 至 100；逐层加权平均（${HANDBOOK}）。`,
      '离群值：偏度绝对值不低于 2 且峰度不低于 3.5 的指标项，将最外侧的值改为相邻值，最多五个；否则取对数。',
      '贡献值：各部分对得分的贡献；同一对象的贡献值之和等于其得分。',
      `权重变动时的名次：每个权重最多变动 ${spread}，抽取 ${draws} 次，其中九成名次在此范围内。`,
      '平均名次变动：去掉该部分后，所有对象名次变动的均值。',
    ],
    metrics: { 'first-reply': '首次回复', 'time-to-own': '接单', resolution: '解决' },
    month: '月份',
    quarter: '季度',
    lastMonth: '最近关账月份',
    lowest: '最低月份',
    attainment: '达成率',
    attainmentOf: (metric) => `${metric}：各月达成率与控制限`,
    signals: '异常信号',
    signalsIn: (months, of) => `${of} 个月中有 ${months} 个月`,
    rule: (rules) => `规则 ${rules}`,
    centre: '均值',
    limits: '控制限',
    signal: '异常信号',
    controlSays: (metric, centre, months, signals) => `${metric}：${months} 个月均值 ${centre}，其中 ${signals} 个月出现异常信号。`,
    byMonth: '各月计分卡',
    closedAs: '关账哈希',
    keptOf: (met, judged) => `${met}／${judged}`,
    change: (from, to) => `${from} 至 ${to} 得分变化的原因`,
    changeSays: (before, after, change) => `从 ${before} 到 ${after}：${change}。各项影响之和等于变化。`,
    noChange: '没有两个可比较的季度。',
    effects: { rate: '自身达成率', mix: '结构', target: '目标', weight: '权重' },
    sum: '合计',
    byGroup: (attribute) => `按 ${attribute} 的达成率`,
    noGroup: '（无）',
    attainmentNotes: (attribute, zone) => [
      '达成率：达成数 ÷（达成数 + 超时数），按事项创建所在月份统计；仍在计时的不判定。比例向下取整。',
      '得分：各指标达成率的均值。月份结束后关账；哈希覆盖所用版本与得分，重放得到相同字节。',
      `控制限：以全部月份均值为中心、按当月数量计算的三倍标准差（p 图）。异常信号：${NELSON} 的八条规则之一。`,
      `结构：“${attribute}”各组占比变化。自身达成率：各组本身达成更多或更少。两者均为各种变化次序的平均（Shapley）。`,
      `月份与季度的时区为 ${zone}。`,
    ],
  },
}
