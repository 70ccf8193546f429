// A log on a block device that survives being killed at any moment.
//   truncate -s 1M log.img && uk run --block:storage=log.img dist/disk-log.spt 100
import { argv, block, run } from "@uk/miou-solo5";
import { Log } from "./log.ts";

run([block("storage")], function* (disk) {
  const log = new Log(disk);
  yield* log.recover();
  console.log(`recovered ${log.length}`);
  const count = Number(argv[1] ?? 1);
  for (let n = 0; n < count && !log.isFull; n++) {
    const number = yield* log.append(`record ${log.length + 1}`);
    console.log(`acknowledged ${number}`);
  }
});
