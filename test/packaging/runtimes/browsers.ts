/** The browsers: a page of its own origin runs the contract against servers that allow it to (CORS). */
import { spawnSync } from "node:child_process";
import { browsers } from "../../browser/browsers.ts";
import { startLoopback } from "../../servers/loopback.ts";
import { reasonNotToRun } from "../../setup/programs.ts";
import { pageProgram } from "./bundles.ts";
import type { Origins, Platform, Results } from "./platform.ts";
import { portableWays } from "./portable-ways.ts";

declare const contract: (origins: Origins) => Promise<Results>;

export const browserPlatforms: readonly Platform[] = browsers.map(({ name, program, start }): Platform => {
  const absent = reasonNotToRun(program);
  return {
    name,
    version: absent ?? versionOf(program.name),
    absent,
    ways: [...Object.keys(portableWays), "axios, xhr"],
    async run(folder, { origin, foreign }) {
      const files = await pageProgram(folder);
      await using pages = await startLoopback(() => (request, response) => {
        const script = files.get(request.url ?? "");
        response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript");
        response.end(script ?? '<!doctype html><script type="module" src="/page.js"></script>');
      });
      await using browser = await start();
      const tab = await browser.open(pages.origin);
      return await tab.run((origins: Origins) => contract(origins), { origin, foreign });
    },
  };
});

function versionOf(command: string): string {
  return /[\d.]+/.exec(spawnSync(command, ["--version"], { encoding: "utf8" }).stdout)?.[0] ?? "";
}
