// @uk/image in an image links others, and says of them what it says on Node: facts, verdicts, differences, faults.
import { diff, format, formatDiff, formatVerification, ImageError, link, read, verify } from "@uk/image";
import { createManifest, print, readAbi, readManifest } from "@uk/manifest";
import { baseImage, ENGINE, filler } from "../../../packages/image/src/testing/elf-builder.ts";

const manifest = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const imageOf = (bytecode: Uint8Array): Uint8Array =>
  link({ base: baseImage(), manifest, program: { buildId: ENGINE, bytecode } });

const image = imageOf(filler(300, 9));
console.log(format(read(image)));
console.log(formatVerification(verify(image)));
console.log(formatDiff(diff(image, imageOf(filler(301, 9)))));
console.log(print(readManifest(image)), readAbi(image));

for (const { code, message } of read(image.subarray(0, image.length - 1)).refusals)
  console.log(`${code}: ${message}`);
for (const size of [0, 63, 4096]) {
  try {
    read(image.subarray(0, size));
    console.log("accepted");
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    console.log(error.message);
  }
}
