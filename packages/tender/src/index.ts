export type { Aborted, Exit, Exited, Killed, Refused, Register, Registers, Trapped } from "./exit.ts";
export { exitOf, type TenderEnd } from "./exit-of.ts";
export { type Guest, type GuestSurroundings, KILL_AFTER_MS, startGuest } from "./guest.ts";
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
export { type Surroundings, spawnWithLifeline } from "./spawn-with-lifeline.ts";
export { TenderError, type TenderErrorCode } from "./tender-error.ts";
