import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

export type Bundle = ReadonlyMap<string, string>;

/** The files of a page: an entry of the folder `pages` and all that it loads, from the sources. */
export async function bundle(...entries: readonly string[]): Promise<Bundle> {
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: fileURLToPath(new URL("pages", import.meta.url)),
    resolve: { conditions: ["source", "browser", "module"] },
    build: {
      write: false,
      minify: false,
      target: "es2022",
      rolldownOptions: {
        input: Object.fromEntries(entries.map((name) => [name, fileURLToPath(new URL(`pages/${name}.ts`, import.meta.url))])),
        output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  return new Map(output.flatMap((file) => (file.type === "chunk" ? [[`/${file.fileName}`, file.code] as const] : [])));
}
