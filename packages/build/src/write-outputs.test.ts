import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BuildError } from "./build-error.ts";
import { writeOutputs } from "./write-outputs.ts";

const folder = mkdtempSync(join(tmpdir(), "uk-outputs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("writeOutputs", () => {
  it("makes the folder and writes every file, text and bytes", async () => {
    const out = join(folder, "a/b");
    await writeOutputs(
      out,
      new Map<string, string | Uint8Array>([
        ["t", "text"],
        ["b", Uint8Array.of(0, 255)],
      ]),
    );
    expect(readdirSync(out).sort()).toEqual(["b", "t"]);
    expect(readFileSync(join(out, "t"), "utf8")).toBe("text");
    expect([...readFileSync(join(out, "b"))]).toEqual([0, 255]);
  });

  it("replaces what an earlier build left", async () => {
    const out = join(folder, "again");
    await writeOutputs(out, new Map([["t", "old"]]));
    await writeOutputs(out, new Map([["t", "new"]]));
    expect(readFileSync(join(out, "t"), "utf8")).toBe("new");
  });

  it("follows no link that somebody has planted, neither under a temporary name nor under the last one", async () => {
    const out = join(folder, "shared");
    mkdirSync(out);
    const prey = join(folder, "prey");
    writeFileSync(prey, "mine");
    // A temporary name that another process can guess.
    const names = ["t", `.t.${process.pid}.tmp`, ".t.tmp", "t.tmp"];
    for (const name of names) symlinkSync(prey, join(out, name));
    await writeOutputs(out, new Map([["t", "new"]]));
    expect(readFileSync(prey, "utf8")).toBe("mine");
    expect(lstatSync(join(out, "t")).isFile()).toBe(true);
    expect(readFileSync(join(out, "t"), "utf8")).toBe("new");
    expect(readdirSync(out).sort()).toEqual(names.sort());
  });

  it("writes under names that nobody can guess, in the folder itself, and opens nothing that is there", async () => {
    const out = join(folder, "watched");
    mkdirSync(out);
    const seen = new Set<string>();
    const watcher = watch(out);
    const seenBoth = new Promise<void>((resolve) => {
      watcher.on("change", (_, name) => {
        if (name !== "t") seen.add(String(name));
        if (seen.size === 2) resolve();
      });
    });
    for (const round of ["one", "two"]) await writeOutputs(out, new Map([["t", round]]));
    await seenBoth;
    watcher.close();
    for (const name of seen) expect(name).toMatch(/^\.uk-[0-9a-f-]{36}\.tmp$/);
  });

  it("leaves no temporary file behind when a name is taken by a folder", async () => {
    const out = join(folder, "taken");
    mkdirSync(join(out, "second"), { recursive: true });
    await expect(
      writeOutputs(
        out,
        new Map([
          ["second", ""],
          ["third", ""],
        ]),
      ),
    ).rejects.toThrow(BuildError);
    expect(readdirSync(out)).toEqual(["second"]);
  });

  it("refuses a folder that cannot be made", async () => {
    await expect(writeOutputs("/proc/none/below", new Map([["x", ""]]))).rejects.toThrow(BuildError);
  });

  it("refuses a folder whose name is taken by a file, and leaves the file", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "mine");
    await expect(writeOutputs(file, new Map([["x", ""]]))).rejects.toThrow(
      "a file of that name is in the way",
    );
    await expect(writeOutputs(join(file, "below"), new Map([["x", ""]]))).rejects.toThrow(BuildError);
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(existsSync(join(folder, "below"))).toBe(false);
  });
});
