/**
 * Publishes the packages, as the release workflow calls it. Where the repository is stands once, in the root package.json, which the publisher fills in; it is
 * copied into each package, because npm shows it there and provenance is checked against it. The links of a README lead into the repository from there.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAll, packageNames, run } from "./build.ts";

export interface Publication {
  readonly repository: { readonly type: "git"; readonly url: string };
  readonly homepage: string;
  readonly bugs: { readonly url: string };
}

/** Where the packages come from, by the root package.json. Throws while any of it is empty. */
export function publicationOf(manifest: string): Publication {
  const { repository, homepage, bugs } = JSON.parse(manifest) as Partial<Publication>;
  const given = { "repository.url": repository?.url, homepage, "bugs.url": bugs?.url };
  const empty = Object.entries(given).filter(([, url]) => !/^(?:git\+)?https:\/\/\S+$/.test(url ?? ""));
  if (repository === undefined || homepage === undefined || bugs === undefined || empty.length > 0) {
    throw new Error(`Not released: fill in ${empty.map(([name]) => name).join(", ")} of the root package.json with https URLs first.`);
  }
  return { repository, homepage, bugs };
}

/** A package's manifest with them. */
export function withPublication(manifest: string, name: string, { repository, homepage, bugs }: Publication): string {
  const own = { ...repository, directory: `packages/${name}` };
  return `${JSON.stringify({ ...(JSON.parse(manifest) as object), repository: own, homepage, bugs }, null, 2)}\n`;
}

/** A package's README whose relative links lead into the repository: npm's pages have no folders beside them. */
export function withLinks(readme: string, name: string, { repository }: Pick<Publication, "repository">): string {
  const files = `${repository.url.replace(/^git\+/, "").replace(/\.git$/, "")}/blob/HEAD`;
  return readme.replaceAll(/\]\((\.{1,2}\/[^)\s]+)\)/g, (_, link: string) => `](${files}/${posix.join("packages", name, link)})`);
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const publication = publicationOf(readFileSync(join(root, "package.json"), "utf8"));
  await buildAll();
  for (const name of packageNames) {
    const path = join(root, "packages", name, "package.json");
    writeFileSync(path, withPublication(readFileSync(path, "utf8"), name, publication));
    const readme = join(root, "packages", name, "README.md");
    writeFileSync(readme, withLinks(readFileSync(readme, "utf8"), name, publication));
  }
  process.stdout.write(run("changeset", ["publish"], { cwd: root, env: { ...process.env, NPM_CONFIG_PROVENANCE: "true" } }));
}
