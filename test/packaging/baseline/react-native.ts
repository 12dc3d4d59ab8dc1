/** A realm with what React Native gives a program: its fetch, which is whatwg-fetch over XMLHttpRequest, and no streams, no `crypto`, no events. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { features } from "./features.ts";
import { oldBrowser, type OldBrowser } from "./old-browser.ts";

const polyfill = readFileSync(createRequire(import.meta.url).resolve("whatwg-fetch/dist/fetch.umd.js"), "utf8");

const lacking =
  "crypto structuredClone EventTarget Event CustomEvent DOMException ReadableStream TextDecoder Blob FormData Headers Request Response fetch";

/** As much of one as axios and whatwg-fetch use. */
const request = `{
  const send = globalThis.fetch;
  globalThis.XMLHttpRequest = class XMLHttpRequest {
    readyState = 0;
    status = 0;
    #headers = {};
    open(method, url) { Object.assign(this, { method, responseURL: url, readyState: 1 }); }
    setRequestHeader(name, value) { this.#headers[name] = value; }
    getAllResponseHeaders() { return "content-type: application/json\\r\\n"; }
    addEventListener() {}
    abort() { this.onabort?.(); }
    async send(body) {
      const answer = await send(this.responseURL, { method: this.method, headers: this.#headers, body });
      this.responseText = this.response = await answer.text();
      Object.assign(this, { status: answer.status, readyState: 4 });
      for (const name of ["onreadystatechange", "onload", "onloadend"]) this[name]?.();
    }
  };
}`;

/** Most of its members throw, in many versions. */
export const partialUrl = `
  globalThis.URL = class URL {
    constructor(url) { this.href = String(url); }
    toString() { return this.href; }
  };
  for (const name of ["origin", "protocol", "host", "hostname", "port", "pathname", "search", "hash", "username", "password"])
    Object.defineProperty(URL.prototype, name, { get() { throw new Error("URL." + name + " is not implemented"); } });`;

/** `fetch` answers every request. */
export function reactNative(
  folder: string,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  more: readonly string[] = [],
): OldBrowser {
  const gone = lacking.split(" ").map((name) => `delete globalThis.${name};`);
  const missing = features.map(({ remove }) => remove);
  return oldBrowser(folder, fetch, [...missing, request, ...gone, polyfill, ...more]);
}
