import { createHash } from "node:crypto";
import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { fetch as undiciFetch, Request as UndiciRequest } from "undici";
import { expect, it } from "vitest";
import { countingTokens } from "../contract/scenarios/recording-api.ts";
import { startWireApi } from "./wire-session.ts";

const hash = (name: string, text: string): string => `${name}-${createHash(name).update(text).digest("base64")}`;
const metadata: [string, string][] = [
  ["the body's digest", hash("sha256", "ok")],
  ["the body's digest, for URLs and without padding", hash("sha512", "ok").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")],
  ["the body's digest with an option", `${hash("sha384", "ok")}?x`],
  ["another digest", hash("sha256", "no")],
  ["two, of which one is right", `${hash("sha256", "no")} ${hash("sha256", "ok")}`],
  ["a weaker one that is right", `${hash("sha256", "ok")} ${hash("sha512", "no")}`],
  ["a stronger one that is right", `${hash("sha256", "no")} ${hash("sha512", "ok")}`],
  ["no known algorithm", "md5-aaaa"],
  ["nothing", ""],
];
const ways: [string, (fetch: FetchFunction, url: string, integrity: string) => Promise<Response>][] = [
  ["init", (fetch, url, integrity) => fetch(url, { integrity })],
  ["a Request", (fetch, url, integrity) => fetch(new UndiciRequest(url, { integrity }) as unknown as Request)],
];

it.each(
  ways.flatMap(([way, call]) =>
    metadata.flatMap(([name, integrity]) => ["/to", "/from"].map((path) => ({ way, call, name, integrity, path }))),
  ),
)(
  "integrity in $way, $name, of $path: the body or the error as without us, and the body stays to be read",
  async ({ call, integrity, path }) => {
    await using api = await startWireApi(
      () => true,
      ({ url }) => (url === "/from" ? { status: 302, headers: { location: "/to" } } : { status: 200, body: "ok" }),
    );
    const bare = undiciFetch as unknown as FetchFunction;
    const outcomes: string[] = [];
    for (const fetch of [bare, bearer(countingTokens(), { origins: api.origin })(bare)]) {
      outcomes.push(
        await call(fetch, api.origin + path, integrity).then(
          (response) => response.text(),
          (error: Error) => `${error.name}: ${error.message}: ${(error.cause as Error).message}`,
        ),
      );
    }
    expect(outcomes[1]).toBe(outcomes[0]);
  },
);
