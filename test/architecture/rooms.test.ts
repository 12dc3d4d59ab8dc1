import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { floors } from "../../oxlint.config.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = read("docs/architecture.md");
const packages = readdirSync(new URL("packages", root));

/** Shorter files are fragments of another one. */
const shortest = 15;
/** The files that are shorter all the same, each with its reason. */
const shorter: Readonly<Record<string, string>> = {};

interface SourceFile {
  readonly path: string;
  /** The folder or the file of `src` that it belongs to. */
  readonly room: string;
  readonly text: string;
}

function filesOf(name: string): SourceFile[] {
  const entries = readdirSync(new URL(`packages/${name}/src`, root), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => {
      const path = `${parentPath}/${file}`.split(`packages/${name}/src/`)[1] as string;
      return { path, room: path.split("/")[0]?.replace(/\.ts$/, "") as string, text: read(`packages/${name}/src/${path}`) };
    });
}

describe.each(packages)("the package %s", (name) => {
  const files = filesOf(name);

  it("reads as a table of contents: at most 14 entries in each folder", () => {
    const entries = new Map<string, Set<string>>();
    for (const { path } of files) {
      const parts = path.split("/");
      for (const [depth, entry] of parts.entries()) {
        const folder = parts.slice(0, depth).join("/");
        entries.set(folder, (entries.get(folder) ?? new Set()).add(entry));
      }
    }
    for (const [folder, within] of entries) expect([folder, within.size, within.size <= 14]).toEqual([folder, within.size, true]);
  });

  it("has no fragments for files", () => {
    const fragments = files.filter(({ path, text }) => !path.endsWith("index.ts") && text.trimEnd().split("\n").length < shortest);
    const unexcused = fragments.map(({ path }) => `${name}/src/${path}`).filter((path) => !(path in shorter));
    expect(unexcused).toEqual([]);
  });
});

it("has few short files, and a reason for each", () => {
  expect(Object.keys(shorter).length).toBeLessThanOrEqual(5);
  for (const [path, reason] of Object.entries(shorter)) {
    expect(read(`packages/${path}`).trimEnd().split("\n").length).toBeLessThan(shortest);
    expect(reason).not.toBe("");
  }
});

describe.each(Object.entries(floors))("the rooms of %s", (name, order) => {
  const files = filesOf(name);

  it("are those that the linter knows, and the page names them", () => {
    expect([...new Set(files.map(({ room }) => room))].toSorted()).toEqual(order.flat().toSorted());
    for (const room of order.flat()) expect(page).toContain(files.some(({ path }) => path === `${room}.ts`) ? room : `${room}/`);
  });

  it("have arrows that run down only, those of `await import()` too, which the linter does not see", () => {
    const floorOf = new Map(order.flatMap((floor, index) => floor.map((room) => [room, index] as const)));
    let arrows = 0;
    for (const { path, room, text } of files) {
      for (const [, specifier = ""] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
        const target = new URL(specifier, `file:///${path}`).pathname.split("/")[1]?.replace(/\.ts$/, "") as string;
        if (target === room) continue;
        arrows += 1;
        expect([`${path} -> ${target}`, (floorOf.get(target) as number) > (floorOf.get(room) as number)]).toEqual([
          expect.any(String),
          true,
        ]);
      }
    }
    expect(arrows).toBeGreaterThan(order.flat().length);
  });
});

it("has every file of core on the page", () => {
  const unnamed = filesOf("core").filter(({ path, room }) => room !== "testing" && !page.includes(path.split("/").at(-1) as string));
  expect(unnamed.map(({ path }) => path).filter((path) => path !== "index.ts")).toEqual([]);
});

it("says where to begin, at places that exist", () => {
  const section = page.split("## Where do I ...")[1]?.split("\n## ")[0] ?? "";
  const named = [...section.matchAll(/`((?:core|oauth|mcp)\/(?:src|test)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(10);
  for (const path of named) expect([path, existsSync(new URL(`packages/${path}`, root))]).toEqual([path, true]);
});
