// A TypeScript program becomes an operating system and boots.
import { join } from "node:path";
import { ensureBuilt, root, say, uk } from "./lib/workspace.mjs";

ensureBuilt();
const hello = join(root, "examples/hello/main.ts");
const out = join(root, "examples/hello/dist");

say("uk build examples/hello/main.ts");
uk(["build", hello, "--out-dir", out]);
say("uk manifest examples/hello/main.ts, the devices it needs:");
uk(["manifest", hello]);
say("uk run examples/hello/dist/hello.spt, booted by solo5-spt:");
uk(["run", join(out, "hello.spt")]);
