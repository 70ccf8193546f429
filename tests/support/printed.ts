import { vi } from "vitest";

/** What programs of this process print while `work` runs. */
export async function printed(work: () => Promise<unknown>): Promise<string> {
  let text = "";
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    text += `${values.join(" ")}\n`;
  });
  try {
    await work();
    return text;
  } finally {
    log.mockRestore();
  }
}
