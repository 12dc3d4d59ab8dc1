import { format, inspect } from "node:util";

/** Far more than any client's object graph holds; a walk that gets there goes round in something that never ends. */
const mostValues = 1_000_000;

interface Step {
  readonly value: unknown;
  readonly path: string;
}

/**
 * Looks for a secret in everything that can be reached from a value: own and inherited properties, enumerable or not, with names or
 * symbols, getters, the entries of maps, sets and headers, the bytes of buffers, names of properties. Returns the paths to it, the
 * shortest first. What only a closure, a private field or a weak collection holds cannot be reached by anybody.
 */
export function findCanary(value: unknown, canary: string): string[] {
  const found: string[] = [];
  const seen = new Set<unknown>();
  const steps: Step[] = [];
  const look = (text: string, path: string): void => {
    if (text.includes(canary)) found.push(path);
  };
  const visit = (next: unknown, path: string): void => {
    if (typeof next === "string") look(next, path);
    else if (typeof next === "symbol") look(next.description ?? "", path);
    else if ((typeof next === "object" && next !== null) || typeof next === "function") {
      if (seen.has(next)) return;
      seen.add(next);
      steps.push({ value: next, path });
    }
  };

  visit(value, "");
  // Breadth first, so that each thing is found on its shortest path.
  for (let at = 0; at < steps.length; at += 1) {
    if (at > mostValues) throw new Error(`More than ${mostValues} values can be reached, the last one at ${steps[at]?.path}.`);
    const { value: current, path } = steps[at] as Step;
    const bytes = bytesOf(current);
    if (bytes !== undefined) look(bytes.toString("latin1"), `${path}<bytes>`);
    for (const [name, entry] of entriesOf(current)) visit(entry, path + name);
    for (const [key, read] of propertiesOf(current)) {
      if (bytes !== undefined && isAboutBytes(key)) continue;
      const name = typeof key === "symbol" ? `[${String(key)}]` : `.${key}`;
      look(String(key), `${path}${name}<name>`);
      visit(read(), path + name);
    }
  }
  return found;
}

/**
 * Looks for a secret in everything that can be reached from a value, and in every form in which it may come into a log. Returns
 * where it is.
 */
export function findLeaks(value: unknown, canary: string): string[] {
  const everything = { depth: Infinity, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null };
  const printed = [
    ["console.log", format(value)],
    ["util.inspect", inspect(value, everything)],
    ["JSON.stringify", quietly(() => JSON.stringify(value))],
    ["String", quietly(() => String(value))],
  ];
  const inPrints = printed.flatMap(([name = "", text]) => (text?.includes(canary) ? [name] : []));
  return [...inPrints, ...findCanary(value, canary)];
}

/** What cannot be read or printed, such as JSON with a cycle, shows nothing. */
function quietly<Result>(read: () => Result): Result | undefined {
  try {
    const result = read();
    // Some getters reject where others throw.
    if (result instanceof Promise) result.catch(() => {});
    return result;
  } catch {
    return undefined;
  }
}

function bytesOf(value: unknown): Buffer | undefined {
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

/** The bytes one by one, and the memory they lie in: Node's buffers share theirs with all of the process, and what else lies there is nobody's. */
function isAboutBytes(key: string | symbol): boolean {
  return typeof key === "string" && /^(?:\d+|buffer|parent)$/.test(key);
}

function entriesOf(value: unknown): [string, unknown][] {
  if (value instanceof Set) return [...value].map((entry, index) => [`<${index}>`, entry]);
  if (!(value instanceof Map || value instanceof Headers || value instanceof FormData || value instanceof URLSearchParams)) return [];
  return (
    quietly(() =>
      [...value].flatMap(([key, entry], index) => [
        [`<key ${index}>`, key],
        [`<${String(key)}>`, entry],
      ]),
    ) ?? []
  );
}

/** Every property that the value has or inherits, with its value as the value itself would show it. */
function propertiesOf(value: unknown): Map<string | symbol, () => unknown> {
  const properties = new Map<string | symbol, () => unknown>();
  for (let holder = value as object | null; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    for (const key of Reflect.ownKeys(holder)) {
      // Node prints a warning for whoever reads these; they are other names for what is found anyway.
      if (properties.has(key) || (typeof key === "string" && deprecated.has(key))) continue;
      properties.set(key, () => quietly(() => Reflect.get(holder, key, value)));
    }
  }
  return properties;
}

const deprecated = new Set(["_headers", "_headerNames", "caller", "callee", "arguments"]);
