import type { Locale } from '@patronkit/core'

/** The words of the report in one language. A word that a language lacks is a type error. */
export interface ReportWords {
  readonly title: string
  readonly asOf: (instant: string, zone: string) => string
  readonly policies: (names: string) => string
  readonly rows: (read: string, used: string, refused: string) => string
  readonly allTickets: string
  readonly tickets: string
  readonly serviceLevel: string
  /** Where the log names no service level. */
  readonly noLevel: string
  readonly month: string
  readonly metrics: { readonly [metric: string]: string }
  readonly named: (metric: string, figure: string) => string
  readonly attainment: string
  readonly breached: string
  readonly open: string
  readonly median: string
  readonly p90: string
  readonly workingHours: string
  readonly brokenOf: (breached: string, judged: string) => string
  readonly lowestMonth: string
  readonly lowestLevel: string
  readonly attainmentByMonth: string
  readonly timeByLevel: (metric: string) => string
  readonly attainmentByLevelAndMonth: (metric: string) => string
  readonly busiestLevels: (shown: string, all: string) => string
  readonly table: (title: string) => string
  readonly attainmentRanges: (metric: string, lowest: string, lowestMonth: string, highest: string, highestMonth: string) => string
  readonly timesOf: (level: string, median: string, p90: string) => string
  readonly cellsWith: (count: string, of: string, below: string) => string
  readonly process: string
  readonly processIn: (items: string, variants: string, reworked: string, handOvers: string) => string
  readonly variants: string
  readonly course: string
  readonly ofTickets: string
  readonly wholeTime: string
  readonly waiting: string
  readonly step: string
  readonly times: string
  readonly waitedMedian: string
  readonly waitedP90: string
  readonly waitedTotal: string
  readonly firstOf: (shown: string, all: string) => string
  readonly worst: string
  readonly noneWorst: string
  readonly usedOf: (used: string, target: string) => string
  readonly over: (length: string) => string
  /** Kinds of stretches, by the code of their line. */
  readonly kinds: { readonly [code: string]: string }
  readonly counted: (when: string, length: string, soFar: string) => string
  readonly targetPassed: string
  readonly inAll: (kind: string, length: string, stretches: number) => string
  readonly definitions: string
  readonly notes: (attribute: string, zone: string) => readonly string[]
}

const QUANTILE = 'Hyndman, R. J. and Fan, Y. (1996), “Sample Quantiles in Statistical Packages”, The American Statistician 50(4), 361–365'

/** The words of the report, language by language; Chinese terms are those of the glossary. */
export const REPORT_WORDS: { readonly [L in Locale]: ReportWords } = {
  en: {
    title: 'Service level report',
    asOf: (instant, zone) => `As of ${instant}, ${zone}`,
    policies: (names) => `Policies: ${names}`,
    rows: (read, used, refused) => `${read} rows read = ${used} used + ${refused} refused`,
    allTickets: 'All tickets',
    tickets: 'Tickets',
    serviceLevel: 'Service level',
    noLevel: '(none)',
    month: 'Month',
    metrics: { 'first-reply': 'First reply', 'time-to-own': 'Time to own', resolution: 'Resolution' },
    named: (metric, figure) => `${metric}: ${figure.toLowerCase()}`,
    attainment: 'Attainment',
    breached: 'Breached',
    open: 'Open',
    median: 'Median',
    p90: '90th percentile',
    workingHours: 'working hours',
    brokenOf: (breached, judged) => `${breached} of ${judged} breached`,
    lowestMonth: 'Lowest month',
    lowestLevel: 'Lowest service level',
    attainmentByMonth: 'Attainment by month',
    timeByLevel: (metric) => `${metric}: working time by service level`,
    attainmentByLevelAndMonth: (metric) => `${metric}: attainment by service level and month`,
    busiestLevels: (shown, all) => `The chart shows the ${shown} service levels with the most tickets, the table all ${all}.`,
    table: (title) => `Table: ${title}`,
    attainmentRanges: (metric, lowest, lowestMonth, highest, highestMonth) =>
      `${metric}: from ${lowest} in ${lowestMonth} to ${highest} in ${highestMonth}.`,
    timesOf: (level, median, p90) => `${level}: median ${median}, 90th percentile ${p90}.`,
    cellsWith: (count, of, below) => `${count} of ${of} service levels and months are below ${below}.`,
    process: 'What was done, step by step',
    processIn: (items, variants, reworked, handOvers) =>
      `${items} tickets went ${variants} different ways. In ${reworked} of them something was done more than once; they changed hands ${handOvers} times.`,
    variants: 'The ways most tickets go',
    course: 'Steps',
    ofTickets: 'Share',
    wholeTime: 'Working time in all, median',
    waiting: 'Where working time goes by between two steps',
    step: 'From → to',
    times: 'Times',
    waitedMedian: 'Median',
    waitedP90: '90th percentile',
    waitedTotal: 'In total',
    firstOf: (shown, all) => `The first ${shown} of ${all}.`,
    worst: 'Tickets furthest over their target',
    noneWorst: 'No ticket is over its target.',
    usedOf: (used, target) => `${used} of ${target}`,
    over: (length) => `${length} over`,
    kinds: { 'sla/counted': 'counted', 'sla/paused': 'paused', 'sla/shut': 'outside working time', 'sla/closed': 'closed' },
    counted: (when, length, soFar) => `${when}: counted ${length}, ${soFar} so far`,
    targetPassed: 'target used up',
    inAll: (kind, length, stretches) => `${kind} ${length} (${stretches} ${stretches === 1 ? 'stretch' : 'stretches'})`,
    definitions: 'How the figures are defined',
    notes: (attribute, zone) => [
      'Attainment: promises kept ÷ (promises kept + promises breached). A time exactly on target is kept. ' +
        'Shares are rounded down, so 100% means every one.',
      // who is not judged yet flatters the last months: a reader has to be told
      'Breached: over the target, whether finished since or not. Open: still running or paused within the target, not judged yet; ' +
        'the attainment of the last months does not know them, and may fall as they finish.',
      'Working time: only the hours in which the calendar of the policy is open, without pauses and without the time a ticket was closed.',
      `Median and 90th percentile: of the working time of all finished clocks, kept or breached; quantiles of type 7 in ` +
        `${QUANTILE}. From 100 hours on they are shown in whole hours.`,
      `Service level: the ticket’s attribute “${attribute}”. Month: the one in which the ticket was opened, in ${zone}.`,
      'Lowest month and lowest service level: among those with at least 10 judged tickets.',
      'Steps: the rows of the log, each with the one that directly follows it. Working time in all: from the first step to the last. ' +
        'Changed hands: done by somebody else than the step before, where the log says by whom. Their 90th percentile is the nearest rank.',
      'Furthest over target: the most working time beyond the target. A stretch belongs to the day on which it begins.',
      'Rows read: every row of the log is either used or refused; refused rows are listed with their reasons beside this report.',
    ],
  },
  'zh-CN': {
    title: '服务级别报告',
    asOf: (instant, zone) => `截至 ${instant}（${zone}）`,
    policies: (names) => `服务级别规则：${names}`,
    rows: (read, used, refused) => `读取 ${read} 行 = 采用 ${used} 行 + 拒收 ${refused} 行`,
    allTickets: '全部工单',
    tickets: '工单数',
    serviceLevel: '服务级别',
    noLevel: '（无）',
    month: '月份',
    metrics: { 'first-reply': '首次回复时长', 'time-to-own': '接单时长', resolution: '解决时长' },
    named: (metric, figure) => `${metric}${figure}`,
    attainment: '达成率',
    breached: '超时',
    open: '未判定',
    median: '中位数',
    p90: '第 90 百分位',
    workingHours: '工作小时',
    brokenOf: (breached, judged) => `已判定 ${judged}，超时 ${breached}`,
    lowestMonth: '达成率最低的月份',
    lowestLevel: '达成率最低的服务级别',
    attainmentByMonth: '各月份达成率',
    timeByLevel: (metric) => `各服务级别${metric}（工作时间）`,
    attainmentByLevelAndMonth: (metric) => `各服务级别、各月份的${metric}达成率`,
    busiestLevels: (shown, all) => `图中为工单最多的 ${shown} 个服务级别，表中为全部 ${all} 个。`,
    table: (title) => `表：${title}`,
    attainmentRanges: (metric, lowest, lowestMonth, highest, highestMonth) =>
      `${metric}达成率：最低 ${lowest}（${lowestMonth}），最高 ${highest}（${highestMonth}）。`,
    timesOf: (level, median, p90) => `${level}：中位数 ${median}，第 90 百分位 ${p90}。`,
    cellsWith: (count, of, below) => `${of} 个服务级别月份中有 ${count} 个低于 ${below}。`,
    process: '处理过程',
    processIn: (items, variants, reworked, handOvers) =>
      `${items} 张工单共有 ${variants} 种流程路径；其中 ${reworked} 张有步骤重复，共转手 ${handOvers} 次。`,
    variants: '最常见的流程路径',
    course: '步骤',
    ofTickets: '占比',
    wholeTime: '全程工作时间（中位数）',
    waiting: '步骤之间耗用的工作时间',
    step: '前一步 → 后一步',
    times: '次数',
    waitedMedian: '中位数',
    waitedP90: '第 90 百分位',
    waitedTotal: '合计',
    firstOf: (shown, all) => `共 ${all} 项，列出前 ${shown} 项。`,
    worst: '超时最多的工单',
    noneWorst: '没有超时的工单。',
    usedOf: (used, target) => `已用 ${used}，时限 ${target}`,
    over: (length) => `超出 ${length}`,
    kinds: { 'sla/counted': '计时', 'sla/paused': '暂停', 'sla/shut': '非工作时间', 'sla/closed': '已关闭' },
    counted: (when, length, soFar) => `${when}：计时 ${length}，累计 ${soFar}`,
    targetPassed: '时限用完',
    inAll: (kind, length, stretches) => `${kind} ${length}（${stretches} 段）`,
    definitions: '指标口径',
    notes: (attribute, zone) => [
      '达成率：达成数 ÷（达成数 + 超时数）。恰好等于时限算达成。比例向下取整，因此 100% 表示全部达成。',
      '超时：已用时间超过时限，不论之后是否完成。未判定：仍在计时或已暂停，且未超过时限；最近月份的达成率不含这些工单，完成后可能下降。',
      '工作时间：只计规则所用日历的开放时间，不含暂停时间与工单关闭期间。',
      `中位数与第 90 百分位：取全部已结束计时（达成与超时）的工作时间；分位数按类型 7 计算，见 ${QUANTILE}。100 小时及以上按整小时显示。`,
      `服务级别：工单属性“${attribute}”。月份：工单创建所在的月份，时区 ${zone}。`,
      '达成率最低的月份与服务级别：只比较已判定工单不少于 10 个的。',
      '步骤：日志的每一行与其后紧接的一行。全程工作时间：从第一步到最后一步。转手：与前一步的处理人不同（以日志所载为限）。其第 90 百分位取最近秩。',
      '超时最多：超出时限的工作时间最长。跨日的时段归入其开始的那一天。',
      '读取行数：日志的每一行要么采用，要么拒收；拒收的行及原因见报告旁的文件。',
    ],
  },
}
