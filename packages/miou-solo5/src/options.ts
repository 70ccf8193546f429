/** The types that options are of, by their names. */
export type OptionTypes = Readonly<
  Record<string, "bigint" | "boolean" | "function" | "number" | "object" | "string">
>;

/**
 * Checks what a caller passed for an object of options; an option that is absent is of the right type.
 *
 * @throws {TypeError} it is no object, or an option is of another type
 */
export function checkOptions(call: string, options: object, types: OptionTypes): void {
  checkObject(`${call}: the argument for options`, options);
  for (const [name, type] of Object.entries(types)) {
    const value: unknown = (options as Record<string, unknown>)[name];
    if (value === undefined) continue;
    if (type === "object") checkObject(`${call}: ${name}`, value);
    else if (typeof value !== type) throw new TypeError(`${call}: ${name} must be a ${type}`);
  }
}

function checkObject(what: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${what} must be an object`);
}
