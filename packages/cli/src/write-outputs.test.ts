import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CliError } from "./error.ts";
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
    ).rejects.toThrow(CliError);
    expect(readdirSync(out)).toEqual(["second"]);
  });

  it("refuses a folder that cannot be made", async () => {
    await expect(writeOutputs("/proc/none/below", new Map([["x", ""]]))).rejects.toThrow(CliError);
  });

  it("refuses a folder whose name is taken by a file, and leaves the file", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "mine");
    await expect(writeOutputs(file, new Map([["x", ""]]))).rejects.toThrow(
      "a file of that name is in the way",
    );
    await expect(writeOutputs(join(file, "below"), new Map([["x", ""]]))).rejects.toThrow(CliError);
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(existsSync(join(folder, "below"))).toBe(false);
  });
});
