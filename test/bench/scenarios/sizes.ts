import type { Sample } from "../measure/sample.ts";
import { bundleSize } from "../sizes/bundle-size.ts";
import { bundles, type Bundle } from "../sizes/bundles.ts";
import type { Scenario } from "./scenario.ts";

export const sizes: Scenario = {
  name: "sizes",
  title: "Sizes",
  about:
    "The smallest useful import of each package with all that it needs, HTTP client excluded, minified by esbuild for Node and compressed by gzip -9. A kB has 1,000 bytes. " +
    "`size-limit` holds our own sizes in the test run, by a way of its own that counts a few bytes differently (`.size-limit.json`).",
  rounds: 1,
  processes: 1,
  columns: [
    { title: "minified, kB", measure: "minified", show: "value", digits: 2 },
    { title: "minified + gzip, kB", measure: "gzipped", show: "value", digits: 2 },
  ],
  targets: [
    { what: "core without p-queue, kB", applies: isIn("core"), measure: "gzipped", compare: "value", decides: "largest", most: 6 },
    { what: "adapter, kB", applies: isIn("adapters"), measure: "gzipped", compare: "value", decides: "largest", most: 1.5 },
    {
      what: "core + client credentials + fetch adapter, kB",
      applies: isIn("together"),
      measure: "gzipped",
      compare: "value",
      decides: "largest",
      most: 16,
    },
  ],
  packages: [
    "esbuild",
    "axios-auth-refresh",
    "@badgateway/oauth2-client",
    "simple-oauth2",
    "google-auth-library",
    "@azure/core-rest-pipeline",
  ],
  parts: () =>
    [...new Set(bundles.map(({ table }) => table))].map((table) => ({ table: headings[table], group: "", run: () => run(table) })),
};

const headings: Record<Bundle["table"], string> = {
  core: "Core",
  adapters: "Adapters, core excluded",
  together: "All that an application needs",
};

function isIn(table: Bundle["table"]): (heading: string) => boolean {
  return (heading) => heading === headings[table];
}

async function run(table: Bundle["table"]): Promise<Sample[]> {
  const wanted = bundles.filter((bundle) => bundle.table === table);
  return Promise.all(
    wanted.map(async ({ name, role, program, leftOut }) => {
      const { minified, gzipped } = await bundleSize(program, leftOut);
      return { contender: name, role, round: 0, values: { minified: minified / 1000, gzipped: gzipped / 1000 } };
    }),
  );
}
