export type { Aborted, Exit, Exited, Killed, Refused, Register, Registers, Trapped } from "./exit.ts";
export { exitOf, type Target, type TenderEnd } from "./exit-of.ts";
export type { Guest } from "./guest.ts";
export type {
  BlockBacking,
  BlockFile,
  GuestOptions,
  NetBacking,
  NetDescriptor,
  NetInterface,
  Stream,
  Streams,
} from "./guest-options.ts";
export { spawnGuest, type Tender } from "./spawn-guest.ts";
export { TenderError, type TenderErrorCode } from "./tender-error.ts";
export { KILL_AFTER_MS, startTender, type TenderSurroundings } from "./tender-process.ts";
