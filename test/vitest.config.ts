import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The condition `source` makes tests run on the sources: no build has to come first.
const conditions = ["source"];

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    execArgv: ["--conditions=source"],
    testTimeout: 20_000,
    // Most tests wait for servers, processes and deadlines, so more files than cores run side by side.
    maxWorkers: availableParallelism() + 1,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
