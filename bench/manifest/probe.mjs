// `node probe.mjs CALL FOLDER`: one call in a process of its own; how long it took, and the peak of the process's memory.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { link, read } from "@uk/image";
import { createManifest } from "@uk/manifest";

const manifest = createManifest([{ name: "service", type: "NET_BASIC" }]);

/** What is measured, by name. Each takes what `inputsOf` gives. */
export const calls = {
  link: ({ base, program }) => link({ base, manifest, program }),
  "read bytes": ({ image }) => read(image),
  "read a file": ({ file }) => {
    const fd = openSync(file);
    try {
      const piece = (offset, length) => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      };
      return read({ size: fstatSync(fd).size, read: piece });
    } finally {
      closeSync(fd);
    }
  },
  "copy the image": ({ image }) => Uint8Array.from(image),
  nothing: () => {},
};

/** What main.mjs has written: a base image, bytecode, and the image of them. */
export function inputsOf(folder) {
  const bytes = (name) => readFileSync(join(folder, name));
  const program = { buildId: bytes("build-id"), bytecode: bytes("bytecode") };
  return { base: bytes("base.elf"), program, image: bytes("image.spt"), file: join(folder, "image.spt") };
}

const [call, folder] = process.argv.slice(2);
if (folder !== undefined) {
  const inputs = inputsOf(folder);
  const start = performance.now();
  calls[call](inputs);
  const ms = performance.now() - start;
  // What getrusage says begins with what the parent has.
  const [, peakKib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  console.log(JSON.stringify({ ms, peakBytes: 1024 * Number(peakKib) }));
}
