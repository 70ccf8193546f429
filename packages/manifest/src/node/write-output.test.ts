import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError } from "./index.ts";
import { writeOutput } from "./write-output.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "uk-output-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes to a name in the folder, as from another file. */
function write(name: string, text = "new\n"): void {
  writeOutput(join(folder, name), "the text", text, statSync("/", { bigint: true }));
}

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

function modeOf(name: string): number {
  return statSync(join(folder, name)).mode & 0o777;
}

describe("writeOutput", () => {
  it("makes a file with the permissions that any new file has", () => {
    writeFileSync(join(folder, "any"), "");
    write("out");
    expect(read("out")).toBe("new\n");
    expect(modeOf("out")).toBe(modeOf("any"));
    expect(readdirSync(folder).sort()).toEqual(["any", "out"]);
  });

  it.each([0o600, 0o666, 0o755])("keeps the permissions %o of what was there", (mode) => {
    writeFileSync(join(folder, "out"), "old and longer\n");
    chmodSync(join(folder, "out"), mode);
    write("out");
    expect(read("out")).toBe("new\n");
    expect(modeOf("out")).toBe(mode);
  });

  it("puts another file in its place: who has the old one open reads the old one to its end", () => {
    writeFileSync(join(folder, "out"), "old\n");
    const old = openSync(join(folder, "out"), constants.O_RDONLY);
    write("out");
    expect(readFileSync(old, "utf8")).toBe("old\n");
    closeSync(old);
  });

  it.each([
    { why: "beside it", to: "target" },
    { why: "in another folder", to: "elsewhere/target" },
    { why: "through a link to a folder, and back", to: "link-to-deep/../target" },
    { why: "that is a link itself", to: "second" },
  ])("leaves a link to a file $why, and writes the file", ({ to }) => {
    mkdirSync(join(folder, "elsewhere/deep"), { recursive: true });
    symlinkSync("elsewhere/deep", join(folder, "link-to-deep"));
    symlinkSync("elsewhere/target", join(folder, "second"));
    symlinkSync(to, join(folder, "out"));
    const target = to === "target" ? to : "elsewhere/target";
    for (const isThere of [true, false]) {
      if (isThere) writeFileSync(join(folder, target), "old\n");
      else rmSync(join(folder, target));
      write("out");
      expect(lstatSync(join(folder, "out")).isSymbolicLink()).toBe(true);
      expect(read(target)).toBe("new\n");
    }
  });

  it("leaves a pipe a pipe", async () => {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    const reader = openSync(join(folder, "fifo"), constants.O_RDONLY | constants.O_NONBLOCK);
    write("fifo");
    expect(readFileSync(reader, "utf8")).toBe("new\n");
    closeSync(reader);
    expect(statSync(join(folder, "fifo")).isFIFO()).toBe(true);
  });

  it("refuses the empty name, which a variable in a Makefile may have, and names it", () => {
    const source = statSync("/", { bigint: true });
    expect(() => writeOutput("", "the text", "new\n", source)).toThrow(
      '"": cannot write the text: the name is empty',
    );
  });

  it("writes into a descriptor of its own process where it stands, whatever it is called", () => {
    const path = join(folder, "log");
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT);
    for (const name of [`/dev/fd/${descriptor}`, `/proc/self/fd/${descriptor}`]) {
      writeOutput(name, "the text", "one\n", statSync("/", { bigint: true }));
    }
    closeSync(descriptor);
    expect(read("log")).toBe("one\none\n");
  });

  it.each([
    { why: "the file that it was made from", name: "source", says: "it is the file that is read" },
    { why: "a link to it", name: "link", says: "it is the file that is read" },
    { why: "a folder", name: "folder", says: "it is a directory" },
    {
      why: "a file in a folder that is not there",
      name: "none/out",
      says: "no file can be made in its folder: no such file or directory",
    },
    { why: "a file below a file", name: "source/out", says: "a part of the path is not a directory" },
    { why: "a name that a folder must have", name: "new/", says: "no other file can take its place" },
    { why: "a link to itself", name: "loop", says: "too many symbolic links" },
    { why: "a name that is too long", name: "x".repeat(300), says: "name too long" },
  ])("refuses $why, and leaves all as it was", ({ name, says }) => {
    writeFileSync(join(folder, "source"), "source\n");
    symlinkSync("source", join(folder, "link"));
    symlinkSync("loop", join(folder, "loop"));
    mkdirSync(join(folder, "folder"));
    const path = join(folder, name) + (name.endsWith("/") ? "/" : "");
    const source = statSync(join(folder, "source"), { bigint: true });
    let error: unknown;
    try {
      writeOutput(path, "the text", "new\n", source);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ code: "WRITE", path });
    expect((error as Error).message).toContain(`${path}: cannot write the text: `);
    expect((error as Error).message).toContain(says);
    expect(readdirSync(folder).sort()).toEqual(["folder", "link", "loop", "source"]);
    expect(read("source")).toBe("source\n");
  });
});
