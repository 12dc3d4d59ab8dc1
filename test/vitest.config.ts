import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The condition `source` makes tests run on the sources: no build has to come first.
const conditions = ["source"];

const all = ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"];
/** These keep every core busy, and would starve each other and all the rest. */
const busy = ["test/{bench,simulation,workerd}/**/*.test.ts", "examples/storm/*.test.ts"];
/** These start many processes and wait for deadlines most of their time, or keep one core busy with one other program. */
const many = ["test/{faults,mcp,model,processes}/**/*.test.ts", "examples/agents/*.test.ts"];
/** These build the packages and run what else is installed beside them: compilers, test runners, runtimes. */
const packaged = ["test/packaging/**/*.test.ts"];

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
    projects: [
      {
        extends: true,
        test: {
          name: "light",
          include: all,
          exclude: ["**/node_modules/**", ...busy, ...many, ...packaged],
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
          maxWorkers: Math.max(1, Math.floor(availableParallelism() / 2)),
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: "many", include: many, sequence: { groupOrder: 2 }, maxWorkers: availableParallelism(), testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: "packaged",
          include: packaged,
          globalSetup: "test/packaging/install.ts",
          sequence: { groupOrder: 3 },
          maxWorkers: availableParallelism(),
          maxConcurrency: availableParallelism(),
          testTimeout: 600_000,
        },
      },
    ],
  },
});
