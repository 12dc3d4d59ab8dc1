import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startWireSession, type WireSession } from "./wire-session.ts";

const anything = <Wanted>(value: unknown): Wanted => value as Wanted;

/** What the fetch beneath would send for these, without sending it. */
function dryRun({ tokens }: WireSession, origins: string): { send: FetchFunction; sent: { url: string; token: boolean }[] } {
  const sent: { url: string; token: boolean }[] = [];
  const send = bearer(tokens, { origins })(async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    sent.push({ url: request.url, token: request.headers.has("authorization") });
    return new Response();
  });
  return { send, sent };
}

const allowed: [string, () => string | URL | Request][] = [
  ["as it is", () => "https://api.example.com/orders"],
  ["without a path", () => "https://api.example.com"],
  ["with a query alone", () => "https://api.example.com?page=1"],
  ["with a fragment alone", () => "https://api.example.com#top"],
  ["in capitals", () => "HTTPS://API.EXAMPLE.COM/orders"],
  ["with its default port", () => "https://api.example.com:443/orders"],
  ["with backslashes, which fetch reads as slashes", () => String.raw`https:\\api.example.com\orders`],
  ["with one slash, which fetch reads as two", () => "https:/api.example.com/orders"],
  ["with spaces and line ends, which fetch leaves out", () => " ht\ntps://api.exam\tple.com/orders "],
  ["percent-encoded", () => "https://api%2eexample.com/orders"],
  ["in full-width letters", () => "https://ａｐｉ.example.com/orders"],
  ["as a URL object", () => new URL("https://api.example.com/orders")],
  ["as a Request", () => new Request("https://api.example.com/orders")],
  ["as an object with toString", () => anything<string>({ toString: () => "https://api.example.com/orders" })],
];

const elsewhere: [string, () => string | URL | Request][] = [
  ["another host", () => "https://evil.example/"],
  ["http", () => "http://api.example.com/"],
  ["another port", () => "https://api.example.com:8443/"],
  ["the host as the beginning of another", () => "https://api.example.com.evil.example/"],
  ["the host as the end of another", () => "https://evil-api.example.com/"],
  ["the host as user name", () => "https://api.example.com@evil.example/"],
  ["the host as user name, before a backslash", () => String.raw`https://api.example.com\@evil.example/`.replace("\\", "%5C")],
  ["the host as path", () => "https://evil.example/https://api.example.com/"],
  ["the host as fragment of another", () => "https://evil.example#https://api.example.com/"],
  ["a trailing dot", () => "https://api.example.com./"],
  ["a letter of another alphabet", () => "https://аpi.example.com/"],
  ["a tab that moves the end of the host", () => "https://api.example.com\t.evil.example/"],
  ["a URL object", () => new URL("https://evil.example/")],
  ["a Request", () => new Request("https://evil.example/")],
  ["a blob of its origin", () => "blob:https://api.example.com/0b1c"],
  [
    "an object that says another thing than its url",
    () => anything<string>({ url: "https://api.example.com/", toString: () => "https://evil.example/" }),
  ],
];

describe("https://api.example.com", () => {
  it.each(allowed)("%s has the token", async (_name, input) => {
    await using session = await startWireSession();
    const { send, sent } = dryRun(session, "https://api.example.com");

    await send(input());

    expect(sent).toEqual([{ url: expect.stringMatching(/^https:\/\/api\.example\.com\//), token: true }]);
  });

  it.each(elsewhere)("%s has no token", async (_name, input) => {
    await using session = await startWireSession();
    const { send, sent } = dryRun(session, "https://api.example.com");

    // Some are no URL that fetch takes, which is as good.
    await Promise.allSettled([send(input())]);

    expect(sent.filter(({ token }) => token)).toEqual([]);
  });
});

describe("this machine", () => {
  it.each([
    "http://127.0.0.1:8080/",
    "http://127.1:8080/",
    "http://2130706433:8080/",
    "http://0x7f.0.0.1:8080/",
    "http://0177.0.0.1:8080/",
  ])("%s is http://127.0.0.1:8080", async (url) => {
    await using session = await startWireSession();
    const { send, sent } = dryRun(session, "http://127.0.0.1:8080");

    await send(url);

    expect(sent).toEqual([{ url: "http://127.0.0.1:8080/", token: true }]);
  });

  it.each([
    "http://localhost:8080/",
    "http://[::1]:8080/",
    "http://127.0.0.2:8080/",
    "http://0.0.0.0:8080/",
    "http://[::ffff:127.0.0.1]:8080/",
  ])("%s is another origin than http://127.0.0.1:8080", async (url) => {
    await using session = await startWireSession();
    const { send, sent } = dryRun(session, "http://127.0.0.1:8080");

    await send(url);

    expect(sent.map(({ token }) => token)).toEqual([false]);
  });
});

it("A14 credentials in the URL are the error that fetch has for them, and no token goes out", async () => {
  await using session = await startWireSession();
  const { origin } = session.wire;
  const send = bearer(session.tokens, { origins: origin })(globalThis.fetch);

  await expect(send(origin.replace("//", "//user:password@"))).rejects.toThrow("includes credentials");

  expect(session.wire.requests).toEqual([]);
});

it("a relative URL is the error that fetch has for it where there is no page", async () => {
  await using session = await startWireSession();
  const send = bearer(session.tokens, { origins: session.wire.origin })(globalThis.fetch);

  await expect(send("/orders")).rejects.toThrow("Failed to parse URL");
});

describe("a page", () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ["/orders", "https://api.example.com/app/", true],
    ["orders", "https://api.example.com/app/", true],
    ["?page=2", "https://api.example.com/app/", true],
    ["//api.example.com/orders", "https://www.example.com/", true],
    ["/orders", "https://www.example.com/", false],
    ["//evil.example/orders", "https://api.example.com/", false],
    [String.raw`\\evil.example\orders`, "https://api.example.com/", false],
  ])("%s on %s: token %s, because fetch itself says what it is relative to", async (input, page, token) => {
    await using session = await startWireSession();
    const { send, sent } = dryRun(session, "https://api.example.com");
    const Original = Request;
    vi.stubGlobal(
      "Request",
      class extends Original {
        constructor(url: string | URL | Request, init?: RequestInit) {
          super(url instanceof Original ? url : new URL(url, page), init);
        }
      },
    );

    await send(input);

    expect(sent.map((request) => request.token)).toEqual([token]);
  });
});
