import { describe, expect, it } from "vitest";
import { nextHop, type Hop } from "../src/request/fetch/redirect-hops.ts";

const start: Hop = {
  url: "https://api.example.com/a/b?x=1#part",
  method: "POST",
  headers: {
    Authorization: "Bearer t",
    "X-Key": "k",
    Cookie: "a=b",
    "Proxy-Authorization": "Basic p",
    Host: "virtual",
    "Content-Type": "text/plain",
    "Content-Length": "4",
    "Content-Language": "en",
    "Content-Location": "/x",
    "Content-Encoding": "gzip",
    Accept: "*/*",
  },
  hasBody: true,
};
const redirect = (status: number, location?: string): Response =>
  new Response(null, { status, headers: location === undefined ? {} : { location } });
const namesOf = (hop: Hop | undefined): string[] => Object.keys(hop?.headers ?? {});

describe("a response that leads nowhere", () => {
  it.each([200, 201, 204, 300, 304, 305, 306, 309, 401, 404, 500])("%d is none, with a Location or without", (status) => {
    expect(nextHop(start, redirect(status, "/there"), [])).toBeUndefined();
  });

  it.each([301, 302, 303, 307, 308])("%d without a Location is the answer", (status) => {
    expect(nextHop(start, redirect(status), [])).toBeUndefined();
  });

  it.each([undefined, null, {}, { status: 302 }, { status: 302, headers: {} }, "text"])("%j is passed on", (given) => {
    expect(nextHop(start, given as Response, [])).toBeUndefined();
  });
});

describe("where a redirect leads (Fetch standard, location URL)", () => {
  it.each([
    ["/there", "https://api.example.com/there#part"],
    ["there", "https://api.example.com/a/there#part"],
    ["?y=2", "https://api.example.com/a/b?y=2#part"],
    ["#other", "https://api.example.com/a/b?x=1#other"],
    ["//other.example/", "https://other.example/#part"],
    ["", "https://api.example.com/a/b?x=1#part"],
  ])("%j is %s", (location, url) => {
    expect(nextHop(start, redirect(307, location), [])?.url).toBe(url);
  });

  it.each([
    "ftp://other.example/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "http://[",
    "blob:https://api.example.com/x",
    "file:///etc",
  ])("%j is an error, as fetch makes it", (location) => {
    expect(() => nextHop(start, redirect(302, location), [])).toThrow(new TypeError("fetch failed"));
  });

  it.each([
    ["UTF-8, each byte a character", "/caf\u00c3\u00a9", "/caf%C3%A9"],
    ["no UTF-8", "/caf\u00e9", "/caf%EF%BF%BD"],
    ["text, as a polyfill may give it", "/\u65e5", "/%E6%97%A5"],
  ])("is read as %s", (_name, location, path) => {
    const response = { status: 302, headers: { get: () => location } } as unknown as Response;
    expect(nextHop(start, response, [])?.url).toBe(`https://api.example.com${path}#part`);
  });

  it("a URL with credentials is an error", () => {
    expect(() => nextHop(start, redirect(302, "https://user:password@other.example/"), [])).toThrow(TypeError);
  });
});

describe("what goes along", () => {
  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [303, "PUT", "GET"],
    [303, "DELETE", "GET"],
    [301, "GET", "GET"],
    [303, "GET", "GET"],
    [303, "HEAD", "HEAD"],
    [301, "HEAD", "HEAD"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
  ])("%d: a %s becomes a %s, and a body stays or goes with it", (status, method, expected) => {
    const next = nextHop({ ...start, method }, redirect(status, "/there"), []);
    expect([next?.method, next?.hasBody]).toEqual([expected, expected === method]);
    expect(namesOf(next).some((name) => name.startsWith("Content-"))).toBe(expected === method);
  });

  it.each([301, 302, 303, 307, 308])("%d to the same origin keeps the token and the cookie", (status) => {
    expect(namesOf(nextHop(start, redirect(status, "https://API.example.com:443/there"), ["x-key"]))).toEqual(
      expect.arrayContaining(["Authorization", "X-Key", "Cookie", "Accept"]),
    );
  });

  it.each(["https://other.example/", "https://api.example.com:8443/", "http://api.example.com/", "https://sub.api.example.com/"])(
    "to %s neither the token nor what fetch takes off goes along, in whichever form the headers are",
    (location) => {
      const record = start.headers as Record<string, string>;
      for (const headers of [record, Object.entries(record), new Headers(record)]) {
        const next = nextHop({ ...start, headers }, redirect(307, location), ["x-key"]);
        const names = [...new Headers(next?.headers).keys()];
        expect(names).not.toEqual(expect.arrayContaining([expect.stringMatching(/authorization|x-key|cookie|host/)]));
        expect(names).toContain("accept");
      }
    },
  );

  it("is gone for good: on the way back it does not return", () => {
    const away = nextHop(start, redirect(307, "https://other.example/"), ["x-key"]) as Hop;
    const back = nextHop(away, redirect(307, "https://api.example.com/"), ["x-key"]);
    expect(namesOf(back)).not.toContain("Authorization");
    expect(namesOf(back)).not.toContain("X-Key");
  });

  it("leaves the headers of the request before as they were", () => {
    const before = JSON.stringify(start.headers);
    nextHop(start, redirect(303, "https://other.example/"), ["x-key"]);
    expect(JSON.stringify(start.headers)).toBe(before);
  });
});
