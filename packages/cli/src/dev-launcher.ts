// For `node --import`: attaches the devices of `uk dev`, for the program of this process.
import { installTarget } from "@uk/miou-solo5/target";
import { BindingsError } from "@uk/solo5-bindings";
import { openTarget } from "@uk/solo5-bindings/target";
import type { Launch } from "./commands/dev.ts";

const { options, manifest, args } = JSON.parse(process.env.UK_DEV ?? "") as Launch;
// The program has an environment of its own, if any.
delete process.env.UK_DEV;
// Killed without notice, `uk dev` could not end the program, which would keep its devices.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
try {
  const target = openTarget({ options, manifest, cmdline: args.join(" ") });
  for (const line of target.warnings) console.error(`uk: ${line}`);
  installTarget(target);
} catch (error) {
  if (!(error instanceof BindingsError)) throw error;
  for (const line of error.why.split("\n")) console.error(`uk: ${line}`);
  process.exit(1);
}
