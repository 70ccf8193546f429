// @uk/image in an image links one, reads it back, and says what is wrong with one that is cut off.
import { format, ImageError, link, read } from "@uk/image";
import { createManifest, print, readAbi, readManifest } from "@uk/manifest";
import { baseImage, ENGINE, filler } from "../../../packages/image/src/testing/elf-builder.ts";

const image = link({
  base: baseImage(),
  manifest: createManifest([
    { name: "service", type: "NET_BASIC" },
    { name: "disk", type: "BLOCK_BASIC" },
  ]),
  program: { buildId: ENGINE, bytecode: filler(300, 9) },
});
console.log(format(read(image)));
console.log(print(readManifest(image)), readAbi(image));

for (const size of [0, 63, 4096]) {
  try {
    read(image.subarray(0, size));
    console.log("accepted");
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    console.log(error.message);
  }
}
