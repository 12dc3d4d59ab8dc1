import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type InlineConfig, type Rolldown } from "vite";

export interface PageFile {
  /** Its media type. */
  readonly type: string;
  readonly content: string | Uint8Array;
}

const types: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

/** The page and its service worker, by their paths. `env` is what they find in `import.meta.env`. */
export async function buildPage(env: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, PageFile>> {
  const [page, worker] = await Promise.all([
    run(env, { input: inPage("index.html") }),
    // One file: a service worker cannot load more of itself later, and not every browser runs modules there.
    run(env, { input: { worker: inPage("worker.ts") }, output: { format: "iife", entryFileNames: "[name].js", codeSplitting: false } }),
  ]);
  return new Map([...page, ...worker]);
}

async function run(
  env: Readonly<Record<string, string>>,
  rolldownOptions: NonNullable<NonNullable<InlineConfig["build"]>["rolldownOptions"]>,
): Promise<[string, PageFile][]> {
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: inPage("."),
    resolve: { conditions: ["source", "browser", "module"] },
    define: Object.fromEntries(Object.entries(env).map(([name, value]) => [`import.meta.env.${name}`, JSON.stringify(value)])),
    build: { write: false, target: "es2022", modulePreload: false, rolldownOptions },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  return output.map((file) => {
    const content = file.type === "chunk" ? file.code : file.source;
    return [`/${file.fileName}`, { type: types[extname(file.fileName)] ?? "application/octet-stream", content }];
  });
}

function inPage(name: string): string {
  return fileURLToPath(new URL(`page/${name}`, import.meta.url));
}
