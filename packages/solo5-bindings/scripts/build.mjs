// Builds dist/solo5-bindings.linux-x64-gnu.node, with the profile of what lives in somebody else's process.
import { cargoBuild } from "../../../scripts/lib/cargo-build.mjs";

cargoBuild({
  script: import.meta.url,
  crate: "solo5-bindings",
  select: ["--profile=addon", "--lib"],
  file: "libsolo5_bindings.so",
  as: "solo5-bindings.linux-x64-gnu.node",
});
