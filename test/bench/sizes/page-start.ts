import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions, type Rolldown } from "vite";

/** A page that imports what it needs of ours, and how much of it may be loaded at its start. */
export interface Page {
  readonly name: string;
  /** JavaScript. */
  readonly program: string;
  /** Bytes of ours. */
  readonly most: number;
}

const core = 'import { createTokenCache } from "@tokenflight/core";';
const withFetch = 'import { bearer } from "@tokenflight/fetch";';
const oauth = 'import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";';

/** The sizes that issue 17 asks for. */
export const pages: readonly Page[] = [
  { name: "core", program: `${core} globalThis.page = [createTokenCache];`, most: 9000 },
  { name: "core and fetch", program: `${core} ${withFetch} globalThis.page = [createTokenCache, bearer];`, most: 11_000 },
  {
    name: "core, client credentials and fetch",
    program: `${core} ${withFetch} ${oauth} globalThis.page = [createTokenCache, bearer, createOAuthClient, clientSecretBasic];`,
    most: 20_000,
  },
];

/** Bytes after gzip -9, each file by itself. */
export interface PageStart {
  /** What a page loads before its first line runs: the file with the program, and whatever that imports at once. */
  readonly ours: number;
  /** What Vite puts into the same files besides: it tells the browser of the files that come later, and of those that these import. */
  readonly vites: number;
}

const bench = fileURLToPath(new URL("..", import.meta.url));

/**
 * What a page loads at its start as Vite bundles it, in whose files a module is whole or not at all: what one that comes later uses of it comes at the start as
 * well. `conditions` choose between the sources of our packages and what was built of them, which is the default.
 */
export async function pageStart({ program }: Page, conditions: readonly string[] = []): Promise<PageStart> {
  // Vite adds nothing of its own to a library. To a page it does, and a script in HTML begins with this.
  const ours = sizeOf(await filesAtStart(program, conditions, { lib: { entry: "program", formats: ["es"] } }));
  const all = sizeOf(await filesAtStart(`import "vite/modulepreload-polyfill"; ${program}`, conditions, {}));
  return { ours, vites: all - ours };
}

async function filesAtStart(program: string, conditions: readonly string[], options: BuildOptions): Promise<Rolldown.OutputChunk[]> {
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: bench,
    resolve: { conditions: [...conditions, "browser", "module"] },
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === "program" ? "\0program" : undefined),
        load: (id) => (id === "\0program" ? program : undefined),
      },
    ],
    build: {
      ...options,
      write: false,
      // Of a library, Vite leaves spaces and remarks to whoever bundles it, and whatever the program imports may be in one file with it in a page only.
      rolldownOptions: { input: "program", preserveEntrySignatures: false, output: { minify: true, comments: false } },
    },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  const files = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])));
  const atStart = new Set([...files.values()].filter(({ isEntry }) => isEntry));
  // A set also gives what is added while it is gone through.
  for (const { imports } of atStart) {
    for (const name of imports) {
      const imported = files.get(name);
      if (imported === undefined) throw new Error(`A page needs ${name}, which is in no file that Vite has made.`);
      atStart.add(imported);
    }
  }
  return [...atStart];
}

function sizeOf(files: readonly Rolldown.OutputChunk[]): number {
  return files.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
}
