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

/** In an image: the bindings of the base image (`packages/runtime/guest/src/builtin.rs`). */
export const builtin: Solo5 | undefined = {
  target,
  cmdline,
  heapSize: heapSize(),
  clockMonotonic,
  clockWall,
  yield: yieldUntil,
  runJobs,
  devices: { netAcquire, netRead, netWrite, blockAcquire, blockRead, blockWrite },
};
