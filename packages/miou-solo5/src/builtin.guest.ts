import {
  blockAcquire,
  blockRead,
  blockWrite,
  clockMonotonic,
  clockWall,
  cmdline,
  heapSize,
  netAcquire,
  netRead,
  netWrite,
  runJobs,
  target,
  yieldUntil,
} from "uk:solo5";
import type { Solo5 } from "./solo5.ts";

/**
 * In an image: the bindings of the base image (`packages/runtime/guest/src/builtin.rs`). Nothing is asked while modules
 * are evaluated, only when a program runs: that may be another boot.
 */
export const builtin: Solo5 | undefined = {
  get target() {
    return target();
  },
  get cmdline() {
    return cmdline();
  },
  get heapSize() {
    return heapSize();
  },
  clockMonotonic,
  clockWall,
  yield: yieldUntil,
  runJobs,
  devices: { netAcquire, netRead, netWrite, blockAcquire, blockRead, blockWrite },
};
