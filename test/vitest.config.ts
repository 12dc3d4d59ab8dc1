import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SlowFirst } from "./run/slow-first.ts";

// The condition `source` makes tests run on the sources: no build has to come first.
const conditions = ["source"];

const rest = ["test/!(adapters)/**/*.test.ts", "examples/**/*.test.ts"];
/** These leave nothing behind: many share a process, which reads each module once. */
const shared = ["packages/*/test/**/*.test.ts", "test/adapters/**/*.test.ts"];
/** These want a process of their own among them: they load clients as a page does, change modules or globals, or collect garbage while they count time. */
const alone = ["axios-around", "axios-page", "fetch-around", "late-contract", "waits"].map((name) => `test/adapters/${name}.test.ts`);
/** These keep a core busy each, and would starve all the rest. */
const busy = ["test/{bench,model,simulation,workerd}/**/*.test.ts"];
/** These start many processes and wait for deadlines most of their time. */
const many = ["test/{faults,mcp,processes}/**/*.test.ts", "examples/{agents,storm}/*.test.ts"];
/** These drive browsers, which are started once in each process. */
const inBrowsers = ["test/browser/**/*.test.ts", "examples/guides/pages.test.ts"];
/** This counts calls whose tokens live for two seconds: what else the machine does must not take those. */
const timed = ["test/browser/tabs.test.ts"];
/** These look at one build of the site, also in a browser. */
const ofSite = ["test/site/**/*.test.ts"];
/** These build the packages and run what else is installed beside them: compilers, test runners, runtimes. */
const packaged = ["test/packaging/**/*.test.ts"];
/** These run the guides' programs from the packed packages; a run of single files tries them from the sources, too. */
const guides = ["examples/guides/!(pages).test.ts"];

const isWhole = process.env["TOKENFLIGHT_WHOLE"] === "1";
/** A full run measures: it has one browser at a time, and nothing beside it. */
const isFull = process.env["TOKENFLIGHT_FULL"] === "1";
/** Files that wait for deadlines most of their time, of processes and of pages, run side by side with one more than there are cores. */
const waiting = availableParallelism() + (isFull ? 0 : 1);

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    execArgv: ["--conditions=source"],
    testTimeout: 20_000,
    // Servers and browsers start there, on a machine that may have much else to do.
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          include: shared,
          setupFiles: "test/run/same-globals.ts",
          exclude: ["**/node_modules/**", ...alone],
          isolate: false,
          sequence: { groupOrder: 0 },
          maxWorkers: availableParallelism() + 1,
          maxConcurrency: 16,
        },
      },
      {
        extends: true,
        test: {
          name: "light",
          include: [...rest, ...alone],
          exclude: ["**/node_modules/**", ...busy, ...many, ...inBrowsers, ...ofSite, ...packaged, ...(isWhole ? guides : [])],
          sequence: { groupOrder: 0 },
          // Most tests wait for servers and deadlines, so more files than cores run side by side.
          maxWorkers: availableParallelism() + 1,
          maxConcurrency: 16,
        },
      },
      {
        extends: true,
        test: {
          name: "busy",
          include: busy,
          sequence: { groupOrder: 1 },
          maxWorkers: availableParallelism(),
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: "many", include: many, sequence: { groupOrder: 2 }, maxWorkers: waiting, testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: "browsers",
          include: inBrowsers,
          exclude: ["**/node_modules/**", ...timed],
          globalSetup: "test/browser/profiles.ts",
          sequence: { groupOrder: isFull ? 3 : 2 },
          isolate: false,
          maxWorkers: isFull ? 1 : waiting,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "timed",
          include: timed,
          globalSetup: "test/browser/profiles.ts",
          sequence: { groupOrder: 3 },
          isolate: false,
          maxWorkers: 1,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "site",
          include: ofSite,
          globalSetup: "test/site/build-site.ts",
          sequence: { groupOrder: 4 },
          maxWorkers: availableParallelism(),
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "packaged",
          include: [...packaged, ...guides],
          globalSetup: "test/packaging/install.ts",
          sequence: { groupOrder: 4 },
          maxWorkers: availableParallelism(),
          maxConcurrency: availableParallelism(),
          testTimeout: 600_000,
        },
      },
    ],
  },
});
