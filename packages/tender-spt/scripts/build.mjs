// Builds dist/solo5-spt, which needs no C library at all.
import { cargoBuild } from "../../../scripts/lib/cargo-build.mjs";

cargoBuild({
  script: import.meta.url,
  crate: "tender-spt",
  select: ["--release", "--bin=solo5-spt"],
  file: "solo5-spt",
  as: "solo5-spt",
});
