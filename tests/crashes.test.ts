// What is seen of a guest that crashes, on spt; tests/hvt-images.test.ts has hvt.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { boot, build } from "./support/boot.ts";
import { crashes, crashing, statusOf } from "./support/crashes.ts";
import { guest } from "./support/guests.ts";
import { ended, startUk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
let image: Buffer;

beforeAll(async () => {
  image = readFileSync(await build(guest("crash"), folder));
});

describe("an spt image that crashes", () => {
  it.each(crashes)("is ended by a signal that uk run explains: $why", async ({ why, code, spt }) => {
    const path = join(folder, `${why}.spt`);
    writeFileSync(path, crashing(image, code));
    const { status, stdout, stderr } = await boot(path, { mem: 16, args: [] });
    expect(stdout).toBe("before\n");
    expect(stderr).toMatch(new RegExp(`^uk: ${path}: ${spt} ended the guest, which [^\\n]+\\n$`));
    expect(status).toBe(statusOf(spt));
  });

  it("that somebody kills is not said to be at fault", async () => {
    const path = await build(guest("sleep"), folder);
    const started = startUk(["run", path]);
    const end = ended(started);
    const children = `/proc/${started.pid}/task/${started.pid}/children`;
    const tender = await vi.waitFor(() => {
      const pid = Number(readFileSync(children, "utf8"));
      expect(pid).toBeGreaterThan(0);
      return pid;
    }, 10_000);
    process.kill(tender, "SIGKILL");
    expect(await end).toMatchObject({ status: 137, stderr: `uk: ${path}: SIGKILL ended the guest\n` });
  });

  it("crashes because of the code that a test put there", async () => {
    const path = join(folder, "innocent.spt");
    writeFileSync(path, crashing(image, [0xc3])); // ret
    expect(await boot(path, { mem: 16, args: [] })).toMatchObject({ status: 0, stdout: "before\nbigint\n" });
  });
});
