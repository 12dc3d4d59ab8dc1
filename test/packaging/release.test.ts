import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { packageNames } from "./build.ts";
import { publicationOf, withLinks, withPublication } from "./release.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifestOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(`${root}packages/${name}/package.json`, "utf8")) as Record<string, unknown>;

const filledIn = {
  repository: { type: "git", url: "git+https://code.example/tokenflight.git" },
  homepage: "https://code.example/tokenflight",
  bugs: { url: "https://code.example/tokenflight/issues" },
};

it("a release is refused while the place of the repository is empty", () => {
  expect(() => publicationOf(readFileSync(`${root}package.json`, "utf8"))).toThrow(
    "Not released: fill in repository.url, homepage, bugs.url of the root package.json with https URLs first.",
  );
});

it.each(["repository", "homepage", "bugs"] as const)("a release is refused while %s alone is missing", (name) => {
  expect(() => publicationOf(JSON.stringify({ ...filledIn, [name]: undefined }))).toThrow(`Not released: fill in ${name}`);
});

it("what is filled in once is in each package, which names its own folder", () => {
  const publication = publicationOf(JSON.stringify(filledIn));
  for (const name of packageNames) {
    const manifest: unknown = JSON.parse(withPublication(JSON.stringify(manifestOf(name)), name, publication));
    const { repository, ...rest } = filledIn;
    expect(manifest).toEqual({ ...manifestOf(name), ...rest, repository: { ...repository, directory: `packages/${name}` } });
  }
});

it.each(packageNames)("the README of %s leads into the repository by every link that is not absolute", (name) => {
  const { repository } = publicationOf(JSON.stringify(filledIn));
  const before = readFileSync(`${root}packages/${name}/README.md`, "utf8");
  const after = withLinks(before, name, { repository });
  const links = (text: string): string[] => [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);

  const own = links(after).filter((link) => link.startsWith("https://code.example/tokenflight/blob/HEAD/"));
  expect(own.length).toBeGreaterThanOrEqual(3);
  expect(links(after).filter((link) => !/^(?:https:\/\/|#)/.test(link))).toEqual([]);
  for (const link of own) expect(link).toMatch(/\/blob\/HEAD\/(?:README\.md|docs\/|packages\/)/);
});

it("all packages have one version, and say which Node they need", () => {
  expect(new Set(packageNames.map((name) => manifestOf(name)["version"]))).toEqual(new Set(["0.2.0"]));
  for (const name of packageNames) expect(manifestOf(name)["engines"]).toEqual({ node: name === "sqlite" ? ">=22.13" : ">=22.12" });
});
