export type {
  Aborted,
  BlockBacking,
  BlockFile,
  Exit,
  Exited,
  Guest,
  GuestOptions,
  Killed,
  NetBacking,
  NetDescriptor,
  NetInterface,
  Refused,
  Register,
  Registers,
  Stream,
  Streams,
  TenderErrorCode,
  Trapped,
} from "@uk/tender";
export { TenderError } from "@uk/tender";
export { binaryPath } from "./binary-path.ts";
export { type HvtOptions, spawn } from "./spawn.ts";
