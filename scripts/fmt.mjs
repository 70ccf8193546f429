// Formats everything, and mends what lint can mend by itself.
import { ensureBuilt, npx, run } from "./lib/workspace.mjs";

ensureBuilt({ quiet: true });
npx("biome", ["check", "--write", "."]);
run("cargo", ["fmt", "--all"]);
