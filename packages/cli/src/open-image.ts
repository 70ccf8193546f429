import { ImageError, type ImageInfo, read } from "@uk/image";
import { withRegularFile } from "@uk/manifest/node";
import { CliError } from "./error.ts";

/** However much there will be: whether it is enough is for the tender to say. */
const ANY_MEMORY = { memBytes: Number.MAX_SAFE_INTEGER };

/**
 * Reads what an image says about itself, however large its file is.
 *
 * @throws {CliError} it is not a valid image; one line that says why
 * @throws {FileError} `READ`: the file cannot be read
 */
export function openImage(path: string): ImageInfo {
  return withRegularFile(path, "the image", (file) => {
    try {
      return read(file, ANY_MEMORY);
    } catch (error) {
      if (error instanceof ImageError) throw new CliError(`${path}: ${error.message}`);
      throw error;
    }
  });
}
