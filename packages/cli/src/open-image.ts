import { ImageError, type ImageInfo, type ImageSource, read } from "@uk/image";
import { withRegularFile } from "@uk/manifest/node";
import { CliError } from "./error.ts";

/** However much there will be: whether it is enough is for the tender to say. */
export const ANY_MEMORY: { readonly memBytes: number } = { memBytes: Number.MAX_SAFE_INTEGER };

/**
 * Gives `use` an image, however large its file is.
 *
 * @throws {CliError} `use` refused it; one line that says why
 * @throws {FileError} `READ`: the file cannot be read
 */
export function withImage<T>(path: string, use: (image: ImageSource) => T): T {
  return withRegularFile(path, "the image", (file) => {
    try {
      return use(file);
    } catch (error) {
      if (error instanceof ImageError) throw new CliError(`${path}: ${error.message}`);
      throw error;
    }
  });
}

/**
 * Reads what an image says about itself that a tender loads, with enough memory.
 *
 * @throws {CliError} it is no such image, or a faulty one of ours; one line that says why
 * @throws {FileError} `READ`: the file cannot be read
 */
export function openImage(path: string): ImageInfo {
  return withImage(path, (file) => {
    const info = read(file, ANY_MEMORY);
    for (const { code, message } of [...info.refusals, ...info.faults])
      throw new ImageError("image", code, message);
    return info;
  });
}
