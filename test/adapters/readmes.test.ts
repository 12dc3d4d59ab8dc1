import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const names = ["axios", "got", "ky", "fetch", "undici"];

const readme = (name: string): string => readFileSync(new URL(`../../packages/${name}/README.md`, import.meta.url), "utf8");

it.each(names)("the README of %s has the skeleton of its siblings", (name) => {
  const text = readme(name);

  expect(text.match(/^#+ .*$/gm)).toEqual([
    `# @tokenflight/${name}`,
    "## Options",
    "## What to know",
    "## Versions",
    "## Caches",
    "## Errors",
    "## Many users",
    "## Secrets",
    "## More",
  ]);
  expect([...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, option]) => option).slice(0, 8)).toEqual([
    "origins",
    "allowInsecureOrigins",
    "replay",
    "refused",
    "scheme",
    "loggedOut",
    "placeholder",
    "observe",
  ]);
  expect(text).toContain(`npm install @tokenflight/core @tokenflight/oauth @tokenflight/${name}`);
  for (const topic of ["Your own authentication wins", "Redirects", "Bodies", "Limits"]) expect(text).toContain(`- **${topic}`);
});
