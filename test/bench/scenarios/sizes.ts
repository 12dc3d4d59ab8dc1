import type { Sample } from "../measure/sample.ts";
import { bundleSize } from "../sizes/bundle-size.ts";
import { bundles, type Bundle } from "../sizes/bundles.ts";
import { pages, pageStart } from "../sizes/page-start.ts";
import type { Part, Scenario, Target } from "./scenario.ts";

const headings: Record<Bundle["table"], string> = {
  core: "Core",
  adapters: "Adapters, core excluded",
  together: "All that an application needs",
};

const pageHeading = "What a page loads before its first request";

export const sizes: Scenario = {
  name: "sizes",
  title: "Sizes",
  about:
    "The smallest useful import of each package with all that it needs, HTTP client excluded, minified and compressed by gzip -9. A kB has 1,000 bytes. Counted is what a program " +
    "loads at its start. What asks a store or a token source, what sends a request of fetch and ky with a token, and what belongs to a login or a logout is loaded by `await import()`, the " +
    "first two beside a program that begins, and a bundler makes files of its own of it. For a page, Vite makes these files, each compressed by itself. Vite, as other bundlers, puts a module into them whole: what " +
    "comes later shares some with what is there at the start. In all other tables esbuild, for Node, counts of each module what is used at the start, and the last column counts what is loaded later, too, in one file. " +
    "The test run holds our own sizes: those of a page (`test/bench/sizes/page-start.ts`), and by `size-limit`, a way of its own that counts a few bytes differently, those of each package " +
    "(`.size-limit.json`).",
  rounds: 1,
  processes: 1,
  columns: [
    { title: "minified, kB", measure: "minified", show: "value", digits: 2 },
    { title: "minified + gzip, kB", measure: "gzipped", show: "value", digits: 2 },
    { title: "gzip with what may be loaded later, kB", measure: "withLater", show: "value", digits: 2 },
    { title: "ours, minified + gzip, kB", measure: "page", show: "value", digits: 2 },
    { title: "Vite's own besides, kB", measure: "vite", show: "value", digits: 2 },
  ],
  targets: [
    ...pages.map(({ name, most }): Target => ({
      what: "start of a page, kB",
      applies: (table, _, contender) => table === pageHeading && contender === name,
      measure: "page",
      compare: "value",
      decides: "largest",
      most: most / 1000,
    })),
    limit("core", "core without p-queue, kB", 6, {
      reason:
        "p-queue is not needed at all now, but a refresh that is safe with others needs its record, its intent, its pauses and its repeated writes, and whatever a token endpoint sends is read by " +
        "rules with messages of their own: the table below has each file",
    }),
    limit("adapters", "adapter, kB", 1.5, {
      reason:
        "most of it keeps promises that smaller ones do not make: no token in errors, responses and caches; the caller's own timeouts and signals while it waits; a refused " +
        "answer drained; redirects and retries as they were. The table below has each file",
    }),
    limit("together", "core + client credentials + fetch adapter, kB", 16, {
      reason:
        "the sum of core, the fetch adapter and 8 kB for the token request: its options, reading any answer tolerantly, no secret in any error",
    }),
  ],
  packages: [
    "vite",
    "esbuild",
    "axios-auth-refresh",
    "@badgateway/oauth2-client",
    "simple-oauth2",
    "google-auth-library",
    "@azure/core-rest-pipeline",
  ],
  parts: () => [
    { table: pageHeading, group: "", run: startPages },
    ...Object.keys(headings).map((table): Part => {
      const inTable = bundles.filter((bundle) => bundle.table === table);
      return { table: headings[table as Bundle["table"]], group: "", run: () => compare(inTable) };
    }),
    ...bundles
      .filter(({ parts }) => parts !== undefined)
      .map((bundle): Part => ({ table: `What ${bundle.name} consists of`, group: "", run: () => weigh(bundle) })),
  ],
};

function limit(table: Bundle["table"], what: string, most: number, { reason }: { reason: string }): Target {
  const applies = (heading: string): boolean => heading === headings[table];
  return { what, applies, measure: "gzipped", compare: "value", decides: "largest", most, reason };
}

async function compare(wanted: readonly Bundle[]): Promise<Sample[]> {
  return Promise.all(
    wanted.map(async ({ name, role, program, leftOut }) => {
      const { minified, gzipped, withLater } = await bundleSize(program, leftOut);
      return {
        contender: name,
        role,
        round: 0,
        values: { minified: minified / 1000, gzipped: gzipped / 1000, withLater: withLater / 1000 },
      };
    }),
  );
}

async function startPages(): Promise<Sample[]> {
  return Promise.all(
    pages.map(async (page): Promise<Sample> => {
      const { ours, vites } = await pageStart(page, ["source"]);
      return { contender: page.name, role: "ours", round: 0, values: { page: ours / 1000, vite: vites / 1000 } };
    }),
  );
}

/** What each file, or each package, adds to a bundle. */
async function weigh({ program, leftOut, parts }: Bundle): Promise<Sample[]> {
  const { weights } = await bundleSize(program, leftOut);
  const sums = new Map<string, number>();
  for (const [file, bytes] of weights) {
    const name = parts === "packages" ? `@tokenflight/${file.split("/")[0]}` : `${file}`;
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return [...sums].map(([contender, bytes]) => ({ contender, role: "reference", round: 0, values: { minified: bytes / 1000 } }));
}
