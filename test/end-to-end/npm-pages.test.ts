/** The first program of each package's README, as it stands there, saved as the page says and run from the sources. */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
let server: AuthorizationServer;
let api: ResourceApi;

/** Why the first program of a page is not run here, and where such a program is. */
const elsewhere: Readonly<Record<string, string>> = {
  browser: "it is for a page: examples/guides/single-page-app.ts, which browsers open",
  mcp: "it is a part: examples/guides/mcp.ts is all of it",
};

/** What a program prints. The others print the order that the API has answered. */
const printed: Readonly<Record<string, RegExp>> = {
  core: /^1000 callers, 1 token request\n$/,
  oauth: /^TokenSet \{"tokenType":"Bearer",/,
  sqlite: /^TokenSet \{"tokenType":"Bearer",/,
  redis: /^TokenSet \{"tokenType":"Bearer",/,
  "refresh-once": /^$/,
};

const names = readdirSync(join(root, "packages")).filter((name) => elsewhere[name] === undefined && name !== "redis");

beforeAll(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 60 });
  api = await startResourceApi({ isActive: (token) => server.isActive(token) });
  symlinkSync(join(root, "node_modules"), folder.file("node_modules"));
});

afterAll(async () => {
  await api.close();
  await server.close();
  folder[Symbol.dispose]();
});

/** Runs it twice, each in a process of its own and in a folder of its package's own. */
async function runTwice(name: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const page = readFileSync(join(root, "packages", name, "README.md"), "utf8");
  const [, program = ""] = /^```ts\n([^]*?)^```$/m.exec(page) ?? [];
  const cwd = folder.file(name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, "first.mjs"), program);
  const { clientId, clientSecret } = server.client;
  const own = { ISSUER: server.issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, API_ORIGIN: api.origin, ...env };
  const run = async (): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--conditions=source", "first.mjs"], {
      cwd,
      env: { ...own, PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1" },
      timeout: 15_000,
    });
    expect(stderr).toBe("");
    return stdout;
  };
  return [await run(), await run()];
}

describe("the first program", () => {
  it.each(names)("of %s runs as it stands", async (name) => {
    const before = server.stats.tokensIssued;
    const outputs = await runTwice(name);

    for (const output of outputs) expect(output).toMatch(printed[name] ?? /tea/);
    // What the page says of a second run: the file has the token set.
    if (name === "sqlite") expect(server.stats.tokensIssued - before).toBe(1);
  });
});

describeWithRedis("the first program", (redis) => {
  it("of redis runs as it stands, and a second process sends no token request", async () => {
    const before = server.stats.tokensIssued;
    const outputs = await runTwice("redis", { REDIS_URL: redis().url });

    for (const output of outputs) expect(output).toMatch(printed["redis"] ?? "");
    expect(server.stats.tokensIssued - before).toBe(1);
  });
});
