import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { createOriginCheck } from "../src/request/origins.ts";
import "./fixed-seed.ts";

describe("the origin https://api.example.com", () => {
  const allows = createOriginCheck("https://api.example.com");

  it.each([
    "https://api.example.com",
    "https://api.example.com/",
    "https://api.example.com/v1/me?x=https://evil.com#@evil.com",
    "https://api.example.com?x",
    "https://api.example.com#x",
    "https://api.example.com:443/v1",
    "https://API.Example.COM/v1",
    "HTTPS://api.example.com/v1",
    "  https://api.example.com/v1",
    "https:api.example.com/v1",
    "https:\\\\api.example.com\\v1",
    "https://api.example.com\\@evil.com/",
    "ht\ntps://api.exa\tmple.com/v1",
    "https://%61pi.example.com/v1",
    "https://ａｐｉ.example.com/v1",
    "https://api.example.com/v1/../../..",
  ])("has %j", (url) => {
    expect(new URL(url).origin).toBe("https://api.example.com");
    expect(allows(url)).toBe(true);
  });

  it.each([
    "https://api.example.com.evil.com",
    "https://api.example.com.evil.com/",
    "https://api.example.com@evil.com",
    "https://api.example.com:443@evil.com/",
    "https://api.example.com:pass@evil.com/",
    "https://api.example.com%2f@evil.com/",
    "https://api.example.com\t.evil.com/",
    "https://api.example.com\n.evil.com/",
    "https://api.example.com。evil.com/",
    "https://api.example.com%2eevil.com/",
    "https://api.example.com./",
    "https://api.example.com:444/",
    "https://api.example.com:80/",
    "http://api.example.com/",
    "http://api.example.com:443/",
    "https://example.com/",
    "https://x.api.example.com/",
    "https://xapi.example.com/",
    "https://api-example.com/",
    "https://api.example.co/",
    "https://аpi.example.com/",
    "https://user@api.example.com/",
    "https://user:pass@api.example.com/",
    "https://:pass@api.example.com/",
    "wss://api.example.com/",
    "ftp://api.example.com/",
    "blob:https://api.example.com/5f9b",
    "data:text/plain,https://api.example.com/",
    "file://api.example.com/",
    "javascript:https://api.example.com/",
    "view-source:https://api.example.com/",
    "//api.example.com/v1",
    "//host",
    "/v1/me",
    "v1/me",
    "",
    "https://",
    "https://api.example.com:99999/",
    "https://api.example.com:x/",
    "null",
  ])("has not %j", (url) => {
    expect(allows(url)).toBe(false);
  });
});

describe("origins that were given in an odd spelling", () => {
  it.each([
    ["https://API.example.com:443/", "https://api.example.com/v1"],
    ["https://bücher.example", "https://xn--bcher-kva.example/v1"],
    ["https://xn--bcher-kva.example", "https://BÜCHER.example/v1"],
    ["http://localhost:8080", "http://LOCALHOST:8080/v1"],
    ["http://2130706433", "http://127.0.0.1/v1"],
    ["http://127.1:3000", "http://0x7f.0.0.1:3000/v1"],
    ["http://[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000/v1"],
    ["https://192.168.0.1", "https://0xc0.0250.1/v1"],
    ["https://example.com.", "https://example.com./v1"],
  ])("%s has %s", (origin, url) => {
    expect(createOriginCheck(origin)(url)).toBe(true);
  });

  it("are each other's strangers when only a dot, a port or a scheme tells them apart", () => {
    const allows = createOriginCheck(["https://example.com.", "http://localhost:8080"]);
    for (const url of [
      "https://example.com/",
      "http://localhost/",
      "https://localhost:8080/",
      "http://127.0.0.1:8080/",
      "http://localhost.:8080/",
    ]) {
      expect(allows(url)).toBe(false);
    }
  });
});

describe("a list of origins", () => {
  it("allows every one of them and nothing in between", () => {
    const allows = createOriginCheck(["https://a.example", "https://b.example:8443", "http://127.0.0.1:9"]);
    expect(["https://a.example/", "https://b.example:8443/", "http://127.0.0.1:9/"].map((url) => allows(url))).toEqual([true, true, true]);
    expect(["https://b.example/", "https://a.example:8443/", "http://127.0.0.1/"].map((url) => allows(url))).toEqual([false, false, false]);
  });

  it.each([
    [undefined],
    [null],
    [[]],
    [""],
    [5],
    [{}],
    [new Set(["https://a.example"])],
    [[undefined]],
    [[5]],
    [["https://a.example", "nonsense"]],
  ])("is refused when it is %j", (origins) => {
    expect(() => createOriginCheck(origins)).toThrow(InvalidOptionError);
    expect(() => createOriginCheck(origins)).toThrow(/^origins: expected .*, got .*\.$/);
  });

  it.each([
    "http://api.example.com",
    "http://localhost.evil.com",
    "http://127.0.0.1.evil.com",
    "http://0.0.0.0",
    "http://192.168.0.1",
    "http://[::ffff:127.0.0.1]",
    "ws://localhost",
    "file:///etc",
    "blob:https://api.example.com/x",
    "https://api.example.com/v1",
    "https://api.example.com/?a",
    "https://api.example.com/#a",
    "https://user:pass@api.example.com",
    "api.example.com",
    "//api.example.com",
    "https://*.example.com",
    "https://",
  ])("is refused when it has %s", (origin) => {
    expect(() => createOriginCheck([origin])).toThrow(InvalidOptionError);
  });

  it.each(["localhost:3000", "api.example.com:443", "api.example.com"])("is told what an origin looks like when it has %s", (origin) => {
    expect(() => createOriginCheck(origin)).toThrow(`origins: expected origins such as "https://api.example.com", got "${origin}".`);
  });

  it("is refused without showing the password or the query that an origin holds", () => {
    for (const origin of [
      "https://user:canary@api.example.com",
      "https://user:canary@bad host",
      "https://api.example.com/?key=canary",
      "localhost:3000/?key=canary",
    ]) {
      const check = (): unknown => createOriginCheck([origin]);
      expect(check).toThrow(InvalidOptionError);
      expect(check).not.toThrow(/canary/);
    }
  });
});

it("agrees with what URL makes of any spelling", () => {
  const piece = fc.constantFrom(
    "https:", "http:", "HTTPS:", "blob:", "//", "/", "\\", "@", ":", ":443", ":80", ":8443", ".", "?", "#", " ", "\t", "\n", "%2e", "%40", "。",
    "api.example.com", "API.EXAMPLE.COM", "evil.com", "localhost", "127.0.0.1", "0x7f.1", "[::1]", "user", "user:pass", "a", "ü", "*", "\0",
  ); // prettier-ignore
  const allowed = ["https://api.example.com", "https://api.example.com:8443", "http://localhost", "http://127.0.0.1", "http://[::1]"];
  const allows = createOriginCheck(allowed);
  const spelling = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.tuple(fc.constantFrom(...allowed), fc.array(piece, { maxLength: 4 })).map(([origin, rest]) => origin + rest.join("")),
    fc.webUrl(),
    fc.string(),
  );
  fc.assert(
    fc.property(spelling, (url) => {
      const parsed = URL.parse(url);
      const web = parsed?.protocol === "https:" || parsed?.protocol === "http:";
      const plain = parsed !== null && web && parsed.username === "" && parsed.password === "";
      expect(allows(url)).toBe(plain && allowed.includes(parsed.origin));
    }),
    { numRuns: 1500 },
  );
});
