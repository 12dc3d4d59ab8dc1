/** Writes the table of providers in oauth's README, and docs/providers.md, from the profiles. With CI=true they have to be committed already. */
import { providersPage, withProviderTable } from "./provider-table.ts";
import { writePages } from "./write-pages.ts";

writePages(
  [
    ["packages/oauth/README.md", withProviderTable],
    ["docs/providers.md", providersPage],
  ],
  "test/run/providers-page.ts",
);
