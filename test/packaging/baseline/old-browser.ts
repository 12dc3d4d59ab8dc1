/** A realm with the globals of a browser of 2021, in which the CommonJS build of the packages is loaded. What a feature's `remove` takes away is gone. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { createContext, runInContext, Script } from "node:vm";

/** Classes of the realm's own, of which something can be taken away that Node's fetch cannot do without. */
const preparation = `(() => {
  const host = Host;
  delete globalThis.Host;
  globalThis.URL = function URL(url, base) { return new host.URL(url, base); };
  URL.prototype = host.URL.prototype;
  for (const name of ["parse", "canParse"]) URL[name] = host.URL[name].bind(host.URL);
  const reasons = new WeakMap();
  const stops = new WeakMap();
  globalThis.AbortSignal = class AbortSignal extends EventTarget {
    aborted = false;
    get reason() { return reasons.get(this); }
    throwIfAborted() { if (this.aborted) throw this.reason; }
    static any(signals) {
      const any = new AbortController();
      for (const signal of signals) signal.addEventListener("abort", () => any.abort(signal.reason));
      return any.signal;
    }
    static abort(reason) { const over = new AbortController(); over.abort(reason); return over.signal; }
    static timeout() { return new AbortController().signal; }
  };
  globalThis.AbortController = class AbortController {
    signal = new AbortSignal();
    abort(reason = new DOMException("This operation was aborted", "AbortError")) {
      if (this.signal.aborted) return;
      this.signal.aborted = true;
      reasons.set(this.signal, reason);
      this.signal.dispatchEvent(new Event("abort"));
    }
  };
  globalThis.crypto = { getRandomValues: (array) => host.crypto.getRandomValues(array), randomUUID: () => host.crypto.randomUUID(), subtle: host.crypto.subtle };
  globalThis.structuredClone = (value) => host.structuredClone(value);
  globalThis.fetch = async (input, init) => host.fetch(input, init);
})();`;

const shared =
  "EventTarget Event CustomEvent DOMException Headers Request Response ReadableStream URLSearchParams TextEncoder TextDecoder Blob FormData Uint8Array " +
  "setTimeout clearTimeout performance queueMicrotask btoa atob console";

/** axios has another file for platforms that are not Node. */
function fileOf(name: string, { resolve }: NodeJS.Require): string {
  const path = resolve(name);
  return name === "axios" ? path.replace("/dist/node/", "/dist/browser/") : path;
}

export interface OldBrowser {
  require(name: string): unknown;
  /** Runs a script, which sees \`require\`. */
  run(script: string): unknown;
}

/** `folder` has the packages in its `node_modules`; `fetch` answers every request. */
export function oldBrowser(
  folder: string,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  remove: readonly string[],
): OldBrowser {
  const globals = Object.fromEntries(shared.split(" ").map((name) => [name, (globalThis as Record<string, unknown>)[name]]));
  const context = createContext({ ...globals, Host: { URL, crypto, structuredClone, fetch } });
  runInContext(preparation, context);
  for (const script of remove) runInContext(script, context);
  const loaded = new Map<string, { exports: unknown }>();
  const load = (path: string): unknown => {
    const known = loaded.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} as unknown };
    loaded.set(path, module);
    const wrapped = new Script(`(function (exports, require, module) {${readFileSync(path, "utf8")}\n})`, { filename: path });
    const run = wrapped.runInContext(context) as (exports: unknown, require: (name: string) => unknown, module: object) => void;
    const resolve = createRequire(path);
    run(module.exports, (name) => load(fileOf(name, resolve)), module);
    return module.exports;
  };
  const main = createRequire(`${folder}/main.cjs`);
  const require = (name: string): unknown => load(fileOf(name, main));
  return {
    require,
    run: (script) =>
      (
        runInContext(`(function (require) {${script}\n})`, context, { filename: `${dirname(folder)}/script.js` }) as (r: unknown) => unknown
      )(require),
  };
}
