/** What was read from `Object.prototype`, and where: the name, the file and the line. */
export type Reads = Set<string>;

const everything = Object.prototype as unknown as Record<string, unknown>;

/** The packages' own code, and what they hand objects of their own to. The clients, and Node, read what a program gives them as they like. */
const source = /packages\/\w+\/src\/\S+?:\d+|node_modules\/(?:p-queue|oauth4webapi)\/\S+?:\d+/;

/**
 * Runs work while `Object.prototype` has properties of these names, as after a flaw elsewhere in a program: `{}.store` gives `value`. Adds to
 * `reads` each place that reads one from there. Errors are not asked: whoever looks at an error does not take options from it.
 */
export async function withPolluted<Result>(
  names: readonly string[],
  value: unknown,
  reads: Reads,
  work: () => Promise<Result>,
): Promise<Result> {
  for (const name of names) pollute(name, value, reads);
  try {
    return await work();
  } finally {
    for (const name of names) delete everything[name];
  }
}

function pollute(name: string, value: unknown, reads: Reads): void {
  define(everything, name, {
    configurable: true,
    enumerable: true,
    get(this: unknown) {
      if (this instanceof Error) return undefined;
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 3;
      const [, , reader = ""] = new Error("read").stack?.split("\n") ?? [];
      Error.stackTraceLimit = stackTraceLimit;
      const place = source.exec(reader)?.[0];
      // It takes tokens out of what clients keep of their requests, and reads no options.
      if (place === undefined || place.includes("request/hidden-fields")) return undefined;
      reads.add(`${name} in ${place}`);
      return value;
    },
    // An assignment makes a property of the object's own, as it would without any of this.
    set(this: object, given: unknown) {
      define(this, name, { value: given, writable: true, enumerable: true, configurable: true });
    },
  });
}

/** A descriptor may not inherit either. */
function define(target: object, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(target, name, Object.assign<object, PropertyDescriptor>(Object.create(null), descriptor));
}
