export { type Activity, LOG_COLUMNS, type LogColumn, type LogRow, logCsv } from './log-row.ts'
export { simulateLog } from './simulate-log.ts'
