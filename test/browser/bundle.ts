import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

export type Bundle = ReadonlyMap<string, string>;

const built = new Map<string, Promise<Bundle>>();

/** The files of pages: entries of the folder `pages` and all that they load, from the sources. A worker, whose name says so, is one file: it can load nothing later. */
export function bundle(...entries: readonly string[]): Promise<Bundle> {
  const name = entries.join(" ");
  const known = built.get(name);
  if (known !== undefined) return known;
  const made = make(entries);
  built.set(name, made);
  return made;
}

async function make(entries: readonly string[]): Promise<Bundle> {
  const workers = entries.filter((name) => name.endsWith("worker"));
  const pages = entries.filter((name) => !workers.includes(name));
  const files = await Promise.all([...(pages.length > 0 ? [run(pages, true)] : []), ...workers.map((name) => run([name], false))]);
  return new Map(files.flat());
}

async function run(entries: readonly string[], codeSplitting: boolean): Promise<[string, string][]> {
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: fileURLToPath(new URL("pages", import.meta.url)),
    resolve: { conditions: ["source", "browser", "module"] },
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      target: "es2022",
      rolldownOptions: {
        input: Object.fromEntries(entries.map((name) => [name, fileURLToPath(new URL(`pages/${name}.ts`, import.meta.url))])),
        output: { format: codeSplitting ? "es" : "iife", entryFileNames: "[name].js", chunkFileNames: "[name].js", codeSplitting },
      },
    },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  return output.flatMap((file) => (file.type === "chunk" ? [[`/${file.fileName}`, file.code] as [string, string]] : []));
}
