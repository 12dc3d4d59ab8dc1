import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type InlineConfig, type Rolldown } from "vite";

export interface PageFile {
  /** Its media type. */
  readonly type: string;
  readonly content: string | Uint8Array;
}

const types: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

type Env = Readonly<Record<string, string>>;
type Options = NonNullable<NonNullable<InlineConfig["build"]>["rolldownOptions"]>;

/** The page and its service worker, by their paths. `env` is what they find in `import.meta.env`. */
export async function buildPage(env: Env): Promise<ReadonlyMap<string, PageFile>> {
  const folder = new URL("page/", import.meta.url);
  const [page, worker] = await Promise.all([bundle(folder, "index.html", env), bundleWorker(folder, "worker.ts", env)]);
  return new Map([...page, ...worker]);
}

/** A page, or a script of one, and all that it loads. */
export function bundle(folder: URL, entry: string, env: Env): Promise<[string, PageFile][]> {
  return run(folder, env, { input: fileURLToPath(new URL(entry, folder)), output: { entryFileNames: "[name].js" } });
}

/** One file: a service worker cannot load more of itself later, and not every browser runs modules there. */
export function bundleWorker(folder: URL, entry: string, env: Env): Promise<[string, PageFile][]> {
  const output = { format: "iife", entryFileNames: "[name].js", codeSplitting: false } as const;
  return run(folder, env, { input: fileURLToPath(new URL(entry, folder)), output });
}

async function run(folder: URL, env: Env, rolldownOptions: Options): Promise<[string, PageFile][]> {
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: fileURLToPath(folder),
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
