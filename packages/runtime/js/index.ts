export { type CompiledModule, compileModule } from "./compile.ts";
export { RuntimeError, type RuntimeErrorCode } from "./error.ts";
export { baseImagePath, compilerPath } from "./parts.ts";
