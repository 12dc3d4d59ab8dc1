import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

let bundled: Promise<string> | undefined;

/** The worker and all that it imports of ours, from the sources, as one module. */
export function workerBundle(): Promise<string> {
  return (bundled ??= bundle());
}

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: fileURLToPath(new URL(".", import.meta.url)),
    // As wrangler does, but for the condition that gives the sources.
    resolve: { conditions: ["source", "workerd", "worker", "browser", "module"] },
    build: {
      write: false,
      minify: false,
      target: "es2024",
      rolldownOptions: {
        input: fileURLToPath(new URL("worker.ts", import.meta.url)),
        preserveEntrySignatures: "strict",
        external: [/^cloudflare:/, /^node:/],
        output: { format: "es", codeSplitting: false },
      },
    },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  return output[0].code;
}
