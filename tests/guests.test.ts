import { describe, expect, it } from "vitest";
import { boot, build } from "./support/boot.ts";
import { expectGolden } from "./support/golden.ts";
import { guestsWithTranscript } from "./support/guests.ts";
import { normal } from "./support/normal.ts";
import { runOnHost } from "./support/on-host.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
const onHost = guestsWithTranscript.filter(({ host }) => host);

// First, since the golden transcript of what Node can run is Node's.
describe("on Node's event loop", () => {
  it.concurrent.each(onHost)("runs $name, which prints its transcript", async (guest) => {
    const { status, output } = await runOnHost(guest, folder);
    expectGolden(guest.golden, output, { maker: true });
    expect(status).toBe(guest.status);
  });
});

describe("spt images", () => {
  it.concurrent.each(guestsWithTranscript)("boots $name, which prints its transcript", async (guest) => {
    const image = await build(guest, folder);
    const { status, stdout, stderr } = await boot(image, guest);
    expect(stderr).toBe("");
    expectGolden(guest.golden, normal(stdout, image.replace(/spt$/, "map")), { maker: !guest.host });
    expect(status).toBe(guest.status);
  });
});
