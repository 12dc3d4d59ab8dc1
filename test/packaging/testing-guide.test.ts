import { readFileSync } from "node:fs";
import { expect, inject, it } from "vitest";
import { runInFolder } from "./runners/run-in-folder.ts";
import { commandOf, fileOf, patience, requireOfJest, type Runner } from "./runners/runners.ts";

/** The guide about tests has programs that are tests: each runs in its own runner, with the packages as npm users have them. */
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const [orders, withVitest, withNode] = ["orders", "orders-vitest", "orders-node-test"].map((name) => read(`examples/guides/${name}.ts`));
const page = read("docs/guides/testing.md");

/** The file of vitest with the lines that the page gives for Jest. */
function forJest(): string {
  const [, lines = ""] = /For Jest[^]*?```ts\n([^]*?)```/.exec(page) ?? [];
  const [runner = "", code = ""] = lines.split("\n");
  return (withVitest ?? "")
    .replace(/^import .* from "vitest";$/m, runner)
    .replace(/^import .* from "\.\/orders\.ts";$/m, code)
    .replaceAll(/\bvi\./g, "jest.");
}

const jest = requireOfJest(30);
const runners: readonly Runner[] = [
  {
    name: "guide with vitest",
    files: { "orders.ts": orders ?? "", "orders.test.ts": withVitest ?? "" },
    command: [commandOf("vitest"), "run", "--test-timeout", String(patience)],
    passed: /^ +Tests +3 passed \(3\)$/m,
  },
  {
    name: "guide with node test",
    files: { "package.json": JSON.stringify({ type: "module" }), "orders.ts": orders ?? "", "orders.test.ts": withNode ?? "" },
    command: ["--test"],
    passed: /^. pass 1$/m,
  },
  {
    name: "guide with Jest",
    files: {
      "orders.ts": orders ?? "",
      "orders.test.ts": forJest(),
      "tsconfig.json": JSON.stringify({
        compilerOptions: { module: "commonjs", target: "es2022", isolatedModules: true, types: ["node"] },
      }),
      "jest.config.json": JSON.stringify({ testTimeout: patience, transform: { "\\.ts$": fileOf("ts-jest", jest) } }),
    },
    command: [commandOf("jest", jest), "--ci", "--runInBand", "--config", "jest.config.json"],
    passed: /^Tests: +3 passed, 3 total$/m,
  },
];

it.concurrent.each(runners)("$name: its tests pass", async (runner) => {
  expect(await runInFolder(inject("installed"), runner)).toMatch(runner.passed);
});
