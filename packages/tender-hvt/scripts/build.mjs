// Builds dist/solo5-hvt, static, so that it does not depend on its users' C library.
import { cargoBuild } from "../../../scripts/lib/cargo-build.mjs";

cargoBuild({
  script: import.meta.url,
  crate: "tender-hvt",
  select: ["--release", "--bin=solo5-hvt"],
  file: "solo5-hvt",
  as: "solo5-hvt",
  flags: ["-C target-feature=+crt-static"],
});
