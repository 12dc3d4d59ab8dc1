import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { describe, expect, inject, it } from "vitest";
import { features, syntax } from "./baseline/features.ts";
import { oldBrowser } from "./baseline/old-browser.ts";
import { readmePrograms } from "./readme-programs.ts";

const folder = inject("installed");

/** What is written somewhere although a browser of 2021 does not have it: by whom it is never called there. */
const neverCalled: readonly (readonly [feature: string, file: RegExp, reason: string])[] = [
  ["URL.parse", /vendor\/oauth4webapi/, "it looks first"],
  ["Uint8Array.prototype.toBase64", /vendor\/oauth4webapi/, "it looks first"],
  ["Uint8Array.fromBase64", /vendor\/oauth4webapi/, "it looks first"],
  ["structuredClone", /vendor\/oauth4webapi/, "for a cache of keys that a program hands over, which ours does not"],
  ["Array.prototype.at", /vendor\/p-queue/, "in p-queue's own order of tasks; core has its own"],
  ["AbortSignal.prototype.reason", /vendor\/p-queue/, "for the signal of a task, which core does not give"],
  ["navigator.locks", /browser\/dist\/(?:cjs\/)?store\/(?:indexed-db-store|tab-lock)/, "the store looks first"],
  ["Symbol.asyncDispose", /oauth\/dist\/(?:cjs\/)?client\/create-login/, "deletes what is not there"],
];

const published = ["core", "fetch", "ky", "axios", "oauth", "browser", "refresh-once"].flatMap((name) =>
  globSync("dist/**/*.js", { cwd: join(folder, "node_modules/@tokenflight", name) })
    // A login on this machine is for Node, and the suites of a store are for tests.
    .filter((file) => !/dist\/(?:cjs\/)?(?:node|testing)\//.test(file))
    .map((file) => ({
      file: `${name}/${file}`,
      text: withoutComments(readFileSync(join(folder, "node_modules/@tokenflight", name, file), "utf8")),
    })),
);

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

describe("what is published", () => {
  it.each([...features, ...syntax])("does without $name, or looks first whether it is there", ({ name, pattern }) => {
    const lines = published.flatMap(({ file, text }) =>
      text
        .split("\n")
        .filter(
          (line, index, all) => pattern.test(line) && !/typeof [\w.?]+ === "(?:function|symbol)"|\?\.\(/.test(`${all[index - 1]}${line}`),
        )
        .map((line) => `${file}: ${line.trim().slice(0, 100)}`),
    );
    expect(lines.filter((line) => !neverCalled.some(([feature, file]) => feature === name && file.test(line)))).toEqual([]);
  });

  it("is looked at", () => {
    expect(published.length).toBeGreaterThan(300);
  });
});

/** 50 calls with a token that has expired, then 50 with one that was revoked, and the bodies that have arrived. */
const storm = `
  const { createTokenCache, memoryStore } = require("@tokenflight/core");
  const { bearer } = require("@tokenflight/fetch");
  let obtained = 0;
  const source = async () => ({ access_token: "t-" + (obtained += 1), expires_in: 600 });
  const tokens = createTokenCache({ source, store: memoryStore(), identity: "app", key: "ada" });
  return (async () => {
    await tokens.save({ access_token: "t-0", expires_at: 1 });
    const send = bearer(tokens, { origins: "https://api.example" })(fetch);
    const { signal } = new AbortController();
    const call = (_, index) => send("https://api.example/orders?n=" + index, { method: "POST", body: "order " + index, signal }).then((r) => r.status);
    const statuses = [];
    for (let round = 0; round < 2; round += 1) statuses.push(...(await Promise.all(Array.from({ length: 50 }, call))));
    return { statuses: [...new Set(statuses)], calls: statuses.length, obtained };
  })();`;

/** Takes the first token for the first 50 requests, and another one from then on. */
function api(): (url: string, init: RequestInit) => Promise<Response> {
  let answered = 0;
  return async (_url, { headers, body }) => {
    const isGood = new Headers(headers).get("authorization") === (answered < 50 ? "Bearer t-1" : "Bearer t-2");
    if (isGood && typeof body === "string" && body.startsWith("order ")) answered += 1;
    return new Response("{}", { status: isGood ? 200 : 401 });
  };
}

/** What jsdom under Jest, React Native or an edge sandbox may lack. */
const platform = (
  "Request Response Headers fetch TextEncoder TextDecoder structuredClone crypto URLSearchParams AbortController AbortSignal " +
  "EventTarget CustomEvent DOMException ReadableStream Blob FormData performance"
).split(" ");
const refusingProcess = `Object.defineProperty(globalThis, "process", { value: { get getBuiltinModule() { throw new Error("not supported"); } } });`;

const removable = features.filter(({ remove }) => remove !== "");

async function stormWithout(...remove: readonly string[]): Promise<void> {
  const result = await oldBrowser(folder, api(), remove).run(storm);
  expect({ ...(result as object) }).toEqual({ statuses: [200], calls: 100, obtained: 2 });
}

it.each(removable)("the storm passes without $name", ({ remove }) => stormWithout(remove));
it("the storm passes without all of them", () => stormWithout(...removable.map(({ remove }) => remove)));

it("the first page runs without all of them, with fetch in place of its client", () =>
  readmeWithout(removable.map(({ remove }) => remove)));

async function readmeWithout(remove: readonly string[]): Promise<void> {
  const page = readmePrograms.get("tokens.ts") ?? "";
  const { code } = await transform(page, { loader: "ts", format: "cjs", target: "es2021" });
  const asked: string[] = [];
  const answer = async (url: string, init: RequestInit): Promise<Response> => {
    asked.push(url);
    if (url.includes("/.well-known/")) {
      return Response.json({ issuer: "https://login.example", token_endpoint: "https://login.example/token" });
    }
    if (url.endsWith("/token")) return Response.json({ access_token: "t-1", token_type: "Bearer", expires_in: 60 });
    return new Response("tea", { status: new Headers(init.headers).get("authorization") === "Bearer t-1" ? 200 : 401 });
  };
  const browser = oldBrowser(folder, answer, remove);
  const body = await browser.run(`
    const process = { env: { ISSUER: "https://login.example", CLIENT_ID: "id", CLIENT_SECRET: "secret" } };
    const module = { exports: {} };
    ${code}
    return require("@tokenflight/fetch").bearer(module.exports.tokens, { origins: "https://api.example" })(fetch)("https://api.example/orders").then((r) => r.text());`);
  expect(body).toBe("tea");
  expect(asked.at(-2)).toBe("https://login.example/token");
}

function loads(name: string): void {
  const gone = [...removable.map(({ remove }) => remove), ...platform.map((one) => `delete globalThis.${one};`), refusingProcess];
  const loaded = oldBrowser(folder, api(), gone).require(`@tokenflight/${name}`) as object;
  expect(Object.keys(loaded).length).toBeGreaterThan(0);
}

// What axios needs when it is loaded is axios's own affair; @tokenflight/ky has nothing of its client's but types.
it.each(["core", "core/fetch", "core/single-use", "fetch", "ky", "oauth", "oauth/profiles", "oauth/talkdesk", "refresh-once"])(
  "@tokenflight/%s needs nothing when it is loaded",
  loads,
);
