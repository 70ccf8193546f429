// For `node --import`: attaches the devices of `uk dev`, for the program of this process.
import { Socket } from "node:net";
import { watchOperations } from "@uk/miou/diagnostics";
import { installTarget } from "@uk/miou-solo5/target";
import { BindingsError } from "@uk/solo5-bindings";
import { openTarget } from "@uk/solo5-bindings/target";
import type { Launch } from "./commands/dev.ts";
import { complain } from "./say.ts";

const { UK_DEV, UK_LIFELINE } = process.env;
// Node passes its own options on to threads and processes that the program starts; the devices stay here.
if (UK_DEV !== undefined) {
  // The program has an environment of its own, if any.
  delete process.env.UK_DEV;
  delete process.env.UK_LIFELINE;
  launch(JSON.parse(UK_DEV) as Launch);
}

function launch({ options, manifest, args }: Launch): void {
  // Killed without notice, `uk dev` could not end the program, which would keep its devices.
  const end = new Socket({ fd: Number(UK_LIFELINE) }).once("close", () =>
    process.kill(process.pid, "SIGTERM"),
  );
  end.resume().unref();
  watchOperations((line) => console.error(`uk: ${line}`));
  try {
    const target = openTarget({ options, manifest, cmdline: args.join(" ") });
    for (const line of target.warnings) complain(line);
    installTarget(target);
  } catch (error) {
    if (!(error instanceof BindingsError)) throw error;
    for (const line of error.why.split("\n")) complain(line);
    process.exit(1);
  }
}
