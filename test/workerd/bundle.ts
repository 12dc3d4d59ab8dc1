import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

const bundled = new Map<string, Promise<string>>();

/** A worker and all that it imports of ours, from the sources, as one module. Default: the one of the tests of this folder. */
export function workerBundle(entry: URL = new URL("worker.ts", import.meta.url)): Promise<string> {
  const made = bundled.get(entry.href) ?? bundle(fileURLToPath(entry));
  bundled.set(entry.href, made);
  return made;
}

async function bundle(input: string): Promise<string> {
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
        input,
        preserveEntrySignatures: "strict",
        external: [/^cloudflare:/, /^node:/],
        output: { format: "es", codeSplitting: false },
      },
    },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  return output[0].code;
}
