import { readdirSync, readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { startLoopback } from "../servers/loopback.ts";
import { startMcpServer } from "../servers/mcp-server.ts";
import { renderPage, shownOf } from "./page.ts";
import type { SdkCommands } from "./sdk-commands.ts";
import { hosts, libraries } from "./works.ts";

/** Our packages from their sources, and nobody else's. */
const given = ["--no-warnings", "--import", new URL("../mcp/own-sources.ts", import.meta.url).href];
/** The first use of a library loads it, and some are large. */
const timeout = 60_000;

let sdks: TestProcess<SdkCommands>;

beforeAll(async () => {
  sdks = await startProcess<SdkCommands>("../sdks/sdk-process.ts", null, {}, given);
});
afterAll(() => sdks[Symbol.asyncDispose]());

describe("an SDK that calls an API", () => {
  it.each(libraries)(
    "$title: its call succeeds, sent again with another token where the first is refused",
    { timeout },
    async ({ file }) => {
      const arrived: { credentials: string[]; method: string; url: string; body: string }[] = [];
      await using api = await startLoopback(() => async (request, response) => {
        const { method = "", url = "", headers } = request;
        const credentials = [headers.authorization, headers["x-goog-api-key"], headers["x-api-key"]].flatMap((value) => value ?? []);
        arrived.push({ credentials: credentials.map(String), method, url, body: (await buffer(request)).toString() });
        response.writeHead(headers.authorization === "Bearer token-2" ? 200 : 401, { "content-type": "application/json" });
        response.end(JSON.stringify({ ok: true, id: "1", output: [], candidates: [], content: [] }));
      });

      expect(await sdks.ask("callApi", file, api.origin)).toBeUndefined();
      expect(arrived.map(({ credentials }) => credentials)).toEqual([["Bearer token-1"], ["Bearer token-2"]]);
      const [first, second] = arrived;
      expect(second).toEqual({ ...first, credentials: second?.credentials });
      expect(first?.method).toBe("POST");
      expect(first?.body).toMatch(/tea|Zo/i);
    },
  );
});

describe("a client of MCP servers", () => {
  it.each(hosts)("$title: has one login, and its calls succeed when their token is refused", { timeout }, async ({ file, seam }) => {
    await using server = await startMcpServer();
    const before = await sdks.ask("windows");
    expect(await sdks.ask("connect", file, server.url)).toBeUndefined();
    expect(await sdks.ask("callTool", file, 1)).toBeUndefined();
    const takesFetch = seam.includes("fetch");
    // A client asks for a stream when it has begun. Refused, that costs a refresh of its own without a fetch function.
    if (!takesFetch) await expect.poll(() => server.answers.streams).toBe(1);
    expect(server.revokeAccessTokens()).toBe(1);
    const { refused } = server.answers;
    // SDK 1 by itself fails calls that are refused one shortly after the other.
    for (const calls of takesFetch ? [3] : [1, 2]) expect(await sdks.ask("callTool", file, calls)).toBeUndefined();

    expect(server.answers.refused).toBeGreaterThan(refused);
    const { stats, visits } = server.authorizationServer;
    expect(stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0, tokenRequests: { authorization_code: 1 } });
    // Without a fetch function, each refused request costs one, and so does that before the login.
    expect(stats.refreshes).toBe(takesFetch ? 1 : 2);
    expect([(await sdks.ask("windows")) - before, visits.registrations]).toEqual([1, 1]);
    await sdks.ask("close", file);
  });
});

const filesIn = (folder: string): string[] => readdirSync(new URL(folder, import.meta.url)).map((name) => name.replace(".ts", ""));

it("every file is on the page, and no one else", () => {
  expect(filesIn("libraries")).toEqual(libraries.map(({ file }) => file).toSorted());
  expect(filesIn("hosts")).toEqual(hosts.map(({ file }) => file).toSorted());
});

it("what is shown of a file is what runs, and its packages", () => {
  const source =
    'import { a } from "a";\nimport type { B } from "b";\nimport { c } from "../c.ts";\n\nfunction d() {\n  // Shown:\n  a();\n    c();\n  // Until here.\n}\n';
  expect(shownOf(source)).toBe('import { a } from "a";\n\na();\n  c();');
  expect(() => shownOf(source.replace("  a();\n    c();\n", ""))).toThrow("shows nothing");
});

it("the page is that of the versions that are installed (test/sdks/write-page.ts writes it)", () => {
  expect(readFileSync(new URL("../../docs/works-as-it-is.md", import.meta.url), "utf8")).toBe(renderPage());
});
