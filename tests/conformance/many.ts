// As many devices as a manifest can hold.
import { type Block, block, run } from "@uk/miou-solo5";

const devices = Array.from({ length: 63 }, (_, index) => block(`disk${index + 1}`));

run(devices, function* (...disks) {
  const sector = new Uint8Array(512);
  for (const [index, disk] of (disks as Block[]).entries()) {
    disk.atomicRead(0n, sector);
    if (sector[0] !== index + 1) throw new Error(`${disk.name} begins with ${sector[0]}`);
    disk.atomicWrite(0n, sector.fill(200 - index));
  }
  console.log(`${disks.length} devices, each its own`);
});
