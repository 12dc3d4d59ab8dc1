/** The test runners that people have, each as it is set up by default. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstPage, withoutFetch } from "./first-page.ts";

export interface Runner {
  readonly name: string;
  /** The files of the folder. */
  readonly files: Readonly<Record<string, string>>;
  /** What is started in it, with Node. */
  readonly command: readonly string[];
  /** Says that the test has passed. */
  readonly passed: RegExp;
}

const inRepository = createRequire(import.meta.url);
/** A file of a package of this repository, or of a package whose folder is given. */
export const fileOf = (name: string, require = inRepository): string => require.resolve(name);

/** The command of a package. */
export function commandOf(name: string, require = inRepository): string {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: string | Record<string, string> };
  return join(dirname(manifest), typeof bin === "string" ? bin : (bin[name] as string));
}

/** Milliseconds that a test may take: the defaults are for machines that do nothing else. */
export const patience = 60_000;

const jestVersions = [29, 30] as const;
export const requireOfJest = (version: (typeof jestVersions)[number]): NodeJS.Require =>
  createRequire(fileURLToPath(new URL(`../jest-${version}/package.json`, import.meta.url)));

const required = firstPage({ modules: "require" });
const imported = firstPage({ modules: "import" });

/** Without what the package manager of this repository has installed elsewhere: a path in place of a name is the only difference to a user's folder. */
function jest(version: (typeof jestVersions)[number]): Runner[] {
  const require = requireOfJest(version);
  const make = (setUp: string, files: Runner["files"], config: object = {}): Runner => ({
    name: `Jest ${version}, ${setUp}`,
    files: { "jest.config.json": JSON.stringify({ testTimeout: patience, ...config }), ...files },
    command: [commandOf("jest", require), "--ci", "--runInBand", "--config", "jest.config.json"],
    passed: /^Tests: +(\d+) passed, \1 total$/m,
  });
  const presets = [[fileOf("@babel/preset-env", require), { targets: { node: "current" } }]];
  const compilerOptions = { module: "commonjs", esModuleInterop: true, strict: true, target: "es2022", types: ["node"] };
  return [
    make("no configuration", { "page.test.js": required }),
    make("babel", { "page.test.js": imported, "babel.config.json": JSON.stringify({ presets }) }),
    ...(["got", "ky"] as const).map((client) =>
      make(
        `${client} through babel`,
        { "page.test.js": firstPage({ modules: "import", client }), "babel.config.json": JSON.stringify({ presets }) },
        { transformIgnorePatterns: [] },
      ),
    ),
    make(
      "ts-jest",
      {
        "page.test.ts": `declare const test: (name: string, run: () => Promise<void>) => void;\n${imported}`,
        "tsconfig.json": JSON.stringify({ compilerOptions }),
      },
      { transform: { "\\.ts$": fileOf("ts-jest", require) } },
    ),
    make(
      "jsdom",
      { "page.test.js": firstPage({ modules: "require", hasNoFetch: true }), "without-fetch.test.js": withoutFetch },
      { testEnvironment: fileOf("jest-environment-jsdom", require) },
    ),
  ];
}

const vitest = ["node", "jsdom", "happy-dom"].map((environment): Runner => ({
  name: `vitest, ${environment}`,
  files: { "page.test.ts": imported },
  command: [commandOf("vitest"), "run", "--globals", "--environment", environment, "--test-timeout", String(patience)],
  passed: /^ +Tests +1 passed \(1\)$/m,
}));

const node = (["import", "require"] as const).map((modules): Runner => {
  const file = `page.test.${modules === "import" ? "mjs" : "cjs"}`;
  return {
    name: `node:test, ${modules}`,
    files: { [file]: firstPage({ modules, from: "node:test" }) },
    command: ["--test", file],
    passed: /^. pass 1$/m,
  };
});

const mocha: Runner = {
  name: "mocha, require",
  files: { "page.test.cjs": firstPage({ modules: "require", test: "it" }) },
  command: [commandOf("mocha"), "--timeout", String(patience), "page.test.cjs"],
  passed: /^ +1 passing/m,
};

export const runners: readonly Runner[] = [...jestVersions.flatMap(jest), ...vitest, ...node, mocha];
