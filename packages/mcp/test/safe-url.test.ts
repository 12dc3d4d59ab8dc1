import { expect, it } from "vitest";
import { safeUrl, shown } from "../src/discovery/safe-url.ts";

const onNetwork = new URL("https://login.example.com");
const onThisMachine = new URL("http://127.0.0.1:4000");
const onThisMachineTls = new URL("https://localhost:4000");

/** Hosts that lead a request of this machine to itself, or to what only machines beside it should ask. */
const nearby = [
  "localhost",
  "localhost.",
  "LOCALHOST",
  "api.localhost",
  "127.0.0.1",
  "127.1",
  "0x7f000001",
  "2130706433",
  "127.255.255.254",
  "0.0.0.0",
  "0",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:0.0.0.0]",
  "[::127.0.0.1]",
  "169.254.169.254",
  "[::ffff:169.254.169.254]",
  "[fe80::1]",
  "[febf::1]",
];

it.each(nearby)("a server on the network does not lead to https://%s", (host) => {
  expect(safeUrl(`https://${host}:8443/token`, onNetwork)).toBeUndefined();
  expect(safeUrl(`http://${host}:8443/token`, onNetwork)).toBeUndefined();
});

it.each(["login.example.com", "localhost.example.com", "10.0.0.1", "128.0.0.1", "[2001:db8::1]", "[fec0::1]", "127.example.com"])(
  "https://%s is as good as any other host",
  (host) => {
    expect(safeUrl(`https://${host}/token`, onNetwork)?.pathname).toBe("/token");
  },
);

it.each(["http://localhost:1/a", "http://127.0.0.1:1/a", "http://[::1]:1/a", "https://localhost/a"])(
  "a server of this machine may name %s",
  (url) => {
    expect(safeUrl(url, onThisMachine)?.pathname).toBe("/a");
  },
);

it.each([
  "http://login.example.com/",
  "http://0.0.0.0/",
  "ftp://login.example.com/",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  " javascript:alert(1)",
  "data:text/html,a",
  "file:///etc/passwd",
  "blob:https://login.example.com/a",
  "vscode://a",
  "https://a@login.example.com/",
  "https://:b@login.example.com/",
  "//login.example.com/",
  " https://login.example.com/",
  "https://login.example.com/\r\nset-cookie: a=b",
  "https://login.example.com/\t",
  "https:\\\\login.example.com/",
  "https://login.example.com\\@evil.example/",
  "https://login.exämple.com/",
  "/token",
  "",
  undefined,
  null,
  7,
  ["https://login.example.com/"],
  { href: "https://login.example.com/", toString: () => "https://login.example.com/" },
])("nobody may name %j", (given) => {
  for (const by of [onNetwork, onThisMachine, onThisMachineTls]) expect(safeUrl(given, by)).toBeUndefined();
});

it("a message shows neither query nor credentials", () => {
  for (const given of ["https://a:b@login.example.com/x?key=c#d", new URL("https://a:b@login.example.com/x?key=c#d")])
    expect(shown(given)).toBe("https://login.example.com/x");
  expect(shown("javascript:alert(1)")).not.toContain("alert");
});
