export { argv } from "./argv.ts";
export { Block } from "./block.ts";
export { clockMonotonic, clockWall } from "./clocks.ts";
export {
  block,
  constant,
  type Device,
  type DeviceValues,
  map,
  net,
} from "./device.ts";
export { DeviceError, HostOnlyError, Solo5Error, type Solo5ErrorCode } from "./errors.ts";
export { heapSize } from "./heap-size.ts";
export { addYieldHook, type YieldHook } from "./hooks.ts";
export { Net } from "./net.ts";
export { type RunOptions, run } from "./run.ts";
export { sleep, sleepNs } from "./sleep.ts";
export type {
  AcquiredBlock,
  AcquiredNet,
  DirectBlock,
  DirectNet,
  MoveBlock,
  Solo5,
  Solo5Devices,
} from "./solo5.ts";
