import { afterEach, describe, expect, it, vi } from "vitest";
import { absoluteUrl, isInBrowser, pageUrl } from "../src/request/fetch/page.ts";

afterEach(() => vi.unstubAllGlobals());

describe("a relative URL (field lines 120 and 123)", () => {
  it("is relative to nothing where there is no page", () => {
    expect([absoluteUrl("/orders"), absoluteUrl(""), pageUrl()]).toEqual([undefined, undefined, undefined]);
    expect(absoluteUrl("https://api.example.com/x y")).toBe("https://api.example.com/x y");
  });

  it.each([
    ["/orders", "https://api.example.com/orders"],
    ["orders", "https://api.example.com/app/orders"],
    ["", "https://api.example.com/app/"],
    ["//other.example/", "https://other.example/"],
  ])("%j is %s in a page, by its base and before its location, with and without Request", (given, expected) => {
    vi.stubGlobal("location", { href: "https://www.example.com/" });
    vi.stubGlobal("document", { baseURI: "https://api.example.com/app/" });
    expect(absoluteUrl(given)).toBe(expected);
    vi.stubGlobal("Request", undefined);
    expect(absoluteUrl(given)).toBe(expected);
  });

  it("is relative to the location of a worker", () => {
    vi.stubGlobal("location", { href: "https://api.example.com/worker.js" });
    expect(absoluteUrl("orders")).toBe("https://api.example.com/orders");
  });

  it("is what a Request makes of it, also of one that leaves it relative", () => {
    vi.stubGlobal("location", { href: "https://api.example.com/app/" });
    class Polyfill {
      url: string;
      constructor(url: string) {
        this.url = url;
      }
    }
    vi.stubGlobal("Request", Polyfill);
    expect(absoluteUrl("orders")).toBe("https://api.example.com/app/orders");
  });

  it("has no base in what is no page", () => {
    vi.stubGlobal("document", { baseURI: 5 });
    expect(pageUrl()).toBeUndefined();
  });
});

it.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", true],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", true],
  ["Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/27.0.0", false],
  ["Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HappyDOM/20.0.0", false],
  ["Node.js/24", false],
  ["Deno/2.5.0", false],
  ["Bun/1.3.0", false],
  ["Cloudflare-Workers", false],
  [undefined, false],
])("%s is a browser: %s", (userAgent, expected) => {
  vi.stubGlobal("navigator", { userAgent });
  // Pages have none, or what a bundler puts there.
  for (const process of [undefined, {}, { versions: {} }, { versions: {}, browser: true }]) expect(inProcess(process)).toBe(expected);
  // A library may put a navigator of its own there, as for rendering in a server.
  for (const process of servers) expect(inProcess(process)).toBe(false);
  // The fetch function of an Electron window is Chromium's, although there is Node, too.
  expect(inProcess({ versions: { node: "22.0.0", electron: "38.0.0" }, type: "renderer" })).toBe(expected);
});

const servers = [
  process,
  { versions: { node: "24.0.0" } },
  { versions: { node: "24.3.0", bun: "1.3.0" } },
  { versions: { node: "24.2.0", deno: "2.5.0" } },
  { versions: { node: "22.0.0", electron: "38.0.0" }, type: "browser" },
  { versions: { node: "22.0.0", electron: "38.0.0" }, type: "utility" },
];
function inProcess(process: unknown): boolean {
  const before = globalThis.process;
  globalThis.process = process as typeof before;
  try {
    return isInBrowser();
  } finally {
    globalThis.process = before;
  }
}
