// What an adapter author and the SQL engine need: the port, tables as data, the event format. Hosts do not need this entry.
export type { Actor } from './actor.ts'
export { canonicalJson, type Json, sha256Hex } from './canonical.ts'
export { coreSchema } from './core-tables.ts'
export { brokenAt, type Happened, type Head, NO_HEAD, type Seal, type StoredEvent, sealEvents } from './event.ts'
export type {
  HostColumn,
  HostCondition,
  HostFold,
  HostLink,
  HostOrder,
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
export { interpret } from './interpret/interpret.ts'
export type { Kept, RowStore } from './interpret/row-store.ts'
export {
  type Answers,
  type AppliedSteps,
  type Asking,
  type Claimed,
  type ClaimRequest,
  type Clearing,
  type ConsumerState,
  checkDerived,
  eventsOf,
  type FedEvent,
  type FeedPage,
  type FeedRequest,
  type Fold,
  fold,
  get,
  headOf,
  headsOf,
  list,
  listColumns,
  type MaybePromise,
  type OrderBy,
  type Read,
  type Redaction,
  type Schema,
  type Session,
  type Storage,
  type StorageHealth,
  type StoredTimer,
  type SubjectHead,
  type SubjectRef,
  subjectsAfter,
  type TimerRef,
  timersAfter,
} from './port.ts'
export { all, any, field, holds, not, type Pred, type Scalar } from './predicate.ts'
export { drive, isPromise, type Steps, whenDone } from './steps.ts'
export { refusePromise } from './sync.ts'
export {
  boolean,
  type Column,
  type ColumnType,
  decimal,
  instant,
  integer,
  json,
  type Migration,
  type MigrationStep,
  nullable,
  type PackageSchema,
  type Row,
  type RowOf,
  type Table,
  table,
  text,
  type Value,
} from './table.ts'
export { compareText, LANES, laneOf } from './text.ts'
export { dealt, fills, LANES_A_PAGE, lanesBehind, type Ripe, shareOf, turnsAfter } from './turns.ts'
export {
  type Add,
  checkUnit,
  fitsBounds,
  type HeadMove,
  outOfBounds,
  type TimerLease,
  type TimerWrite,
  taken,
  type Unique,
  type Unit,
  type UnitAnswer,
  type Write,
} from './unit.ts'
export { type Shown, type View, type ViewColumn, view, type When } from './view.ts'
