// What a domain package is built from. Hosts do not need this entry.
export { canonicalJson, type Json, sha256Hex } from './canonical.ts'
export {
  type Ask,
  type Context,
  commit,
  commitEach,
  nowFor,
  type Operation,
  read,
  readHost,
  redact,
  unitOn,
  writeConflict,
} from './context.ts'
export { createService, insideOf, type TimerHandler, type Verbs } from './create-service.ts'
export { define, definitionHash, definitionId } from './definition.ts'
export {
  allDefinitions,
  definitionsInForce,
  definitionsMark,
  definitionVersions,
  markOf,
  markReads,
  type Pinned,
  pinnedDefinition,
  publishDefinition,
  type StoredDefinition,
  type Version,
  versionAt,
  versionsOf,
} from './definitions.ts'
export { DAY, durationSchema, HOUR, isWorking, MINUTE, SECOND, wallMs, workingMs } from './duration.ts'
export { brokenAt, type Happened, type Head, NO_HEAD, type StoredEvent } from './event.ts'
export { type Bare, type Catalogue, explained, renderExplanation, type Words } from './explanation.ts'
export type {
  HostColumn,
  HostCondition,
  HostFold,
  HostLink,
  HostQuestion,
  HostReader,
  HostReading,
  HostSummary,
  HostTable,
  HostTold,
  HostTotals,
  HostType,
  HostValue,
} from './host.ts'
export { type Decided, type Keyed, keyed, keyRead, once, replayed } from './idempotent.ts'
export { toIso, toMs } from './instant.ts'
export { behind, cursorAt, listUntil, type Page } from './keyset.ts'
export { moneySchema } from './money.ts'
export {
  type Answers,
  type Asking,
  type Claimed,
  eventsOf,
  type Fold,
  fold,
  get,
  headOf,
  headsOf,
  list,
  listColumns,
  type MaybePromise,
  type Read,
  type SubjectHead,
  subjectsAfter,
} from './port.ts'
export { all, any, field, holds, not, type Pred, predSchema, valueAt } from './predicate.ts'
export { instantSchema, invalidInput, parse } from './schema.ts'
export { whenDone } from './steps.ts'
export { type Sweep, type Swept, sweepPage } from './sweep.ts'
export {
  boolean,
  type Column,
  decimal,
  instant,
  integer,
  json,
  type Migration,
  nullable,
  type PackageSchema,
  type Row,
  type RowOf,
  type Table,
  table,
  text,
} from './table.ts'
export { compareText } from './text.ts'
export type { Add, TimerLease, TimerWrite, Unique, Unit, Write } from './unit.ts'
export { type Upcast, type Upcasters, upcast } from './upcast.ts'
export { type View, view } from './view.ts'
