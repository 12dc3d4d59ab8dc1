/** What browsers of 2021 do not have, and what of it is still used although it is missing there. docs/versions.md states the baseline. */

export interface Feature {
  readonly name: string;
  /** Takes it away, as a script in the realm of the program. */
  readonly remove: string;
  /** Finds it in the code that is published. */
  readonly pattern: RegExp;
}

const member = (owner: string, name: string): Feature => ({
  name: `${owner}.${name}`,
  remove: `delete ${owner}.${name};`,
  pattern: new RegExp(`\\b${owner}\\.${name}\\(`),
});
const method = (kind: string, name: string): Feature => ({
  name: `${kind}.prototype.${name}`,
  remove: `delete ${kind}.prototype.${name};`,
  pattern: new RegExp(`\\.${name}\\(`),
});

export const features: readonly Feature[] = [
  member("URL", "parse"),
  member("URL", "canParse"),
  { name: "AbortSignal.any", remove: "delete AbortSignal.any;", pattern: /AbortSignal\.any\(/ },
  { name: "AbortSignal.timeout", remove: "delete AbortSignal.timeout;", pattern: /AbortSignal\.timeout\(/ },
  { name: "AbortSignal.abort", remove: "delete AbortSignal.abort;", pattern: /AbortSignal\.abort\(/ },
  method("AbortSignal", "throwIfAborted"),
  { name: "AbortSignal.prototype.reason", remove: "delete AbortSignal.prototype.reason;", pattern: /[sS]ignal\.reason\b(?! \?\?)/ },
  member("Object", "hasOwn"),
  member("Object", "groupBy"),
  member("Map", "groupBy"),
  member("Array", "fromAsync"),
  member("Promise", "withResolvers"),
  member("Promise", "try"),
  ...["at", "findLast", "findLastIndex", "toSorted", "toReversed", "toSpliced"].map((name) => method("Array", name)),
  { name: "Array.prototype.with", remove: "delete Array.prototype.with;", pattern: /\.with\(/ },
  method("String", "isWellFormed"),
  method("String", "toWellFormed"),
  ...["union", "intersection", "difference", "isSubsetOf"].map((name) => method("Set", name)),
  method("Uint8Array", "toBase64"),
  member("Uint8Array", "fromBase64"),
  { name: "crypto.randomUUID", remove: "delete crypto.randomUUID;", pattern: /crypto\.randomUUID\(/ },
  { name: "structuredClone", remove: "delete globalThis.structuredClone;", pattern: /\bstructuredClone\(/ },
  // It cannot be deleted.
  {
    name: "Symbol.asyncDispose",
    remove: `{
      const given = Symbol;
      globalThis.Symbol = function Symbol(name) { return given(name); };
      for (const name of Reflect.ownKeys(given))
        if (!/ispose/.test(String(name))) Object.defineProperty(Symbol, name, { value: given[name] });
    }`,
    pattern: /\[Symbol\.(?:asyncD|d)ispose\]/,
  },
  { name: "navigator.locks", remove: "", pattern: /navigator\.locks/ },
];

/** What is written in a way that such a browser cannot even read. */
export const syntax: readonly Pick<Feature, "name" | "pattern">[] = [
  { name: "a static block", pattern: /\bstatic \{/ },
  { name: "a look behind", pattern: /\(\?<[=!]/ },
  { name: "the flag v of an expression", pattern: /\/[dgimsuy]*v[dgimsuy]*[;,)]/ },
];
