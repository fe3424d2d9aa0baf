export { defineRotation } from './oncall/define.ts'
export { listGaps, listOnCall, type OnCall, onCall } from './oncall/on-call.ts'
export type { Layer, Override, Rotation, RotationDefinition } from './oncall/rotation.ts'
