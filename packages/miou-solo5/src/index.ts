export { argv } from "./argv.ts";
export { clockMonotonic, clockWall } from "./clocks.ts";
export {
  type Block,
  block,
  constant,
  type Device,
  type DeviceValues,
  map,
  type Net,
  net,
} from "./device.ts";
export { DeviceError, HostOnlyError, type Solo5ErrorCode } from "./errors.ts";
export { addYieldHook, type YieldHook } from "./hooks.ts";
export { type RunOptions, run } from "./run.ts";
export { sleep, sleepNs } from "./sleep.ts";
export type { Solo5 } from "./solo5.ts";
