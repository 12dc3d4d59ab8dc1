import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { calls } from "./runtimes/contract.ts";
import { builtIn } from "./runtimes/next.ts";
import { tryNextGuide } from "./runtimes/next-guide.ts";
import { platforms } from "./runtimes/platforms.ts";
import { startContractServers, type ContractServers } from "./runtimes/servers.ts";

const folder = inject("installed");

for (const platform of platforms) {
  const { name, version, absent, ways, fails = {} } = platform;

  describe.skipIf(absent !== undefined)(`${name} (${version})`, () => {
    let results: Readonly<Record<string, readonly string[]>>;
    let servers: ContractServers;

    beforeAll(async () => {
      await using started = await startContractServers();
      results = await platform.run(folder, started);
      servers = started;
    }, 600_000);

    it.each(ways.filter((way) => !(way in fails)))("%s", (way) => {
      expect(results[way]).toEqual([]);
      const { sent, ...counts } = servers.seen(way);
      // One for the token that had expired, one for the token that was revoked.
      expect(counts).toMatchObject({ tokenRequests: 2, refusedRefreshes: 0, foreign: 2, leaked: 0 });
      expect(sent.size).toBe(2 * calls + 1);
      expect(Math.max(...sent.values())).toBeLessThanOrEqual(2);
    });

    it.each(ways.filter((way) => way in fails).map((way) => [way, fails[way]]))("%s: no, %s", (way = "") => {
      expect(results[way]).not.toEqual([]);
    });
  });
}

it("the guide to Next.js: a login for the server's routes and pages, a service's token in the edge runtime, and nothing lost at its end", async () => {
  const app = await builtIn(folder);
  const shown = ["lib/session.ts", "lib/tokens.ts", "app/login/route.ts", "app/callback/route.ts", "app/logout/route.ts"];
  for (const file of [...shown, "app/orders/page.tsx", "app/layout.tsx", "app/prices/route.ts"]) {
    expect(readFileSync(join(app, file), "utf8")).toBe(
      readFileSync(new URL(`../../examples/guides/nextjs/${file}`, import.meta.url), "utf8"),
    );
  }
  await tryNextGuide(app);
});
