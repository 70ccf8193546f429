export { BlockFile, type BlockOptions, type BlockReadOptions, openBlock } from "./block.ts";
export { BindingsError, type BindingsErrorCode, type BindingsErrorOptions } from "./errors.ts";
export { openTap, type ReadOptions, Tap, type TapOptions } from "./tap.ts";
