/**
 * Writes the table of versions in the README, from the packages' ranges, what is installed here, and the contract's ways of use. With CI=true it has to be
 * committed already.
 */
import { withVersionTable } from "./version-table.ts";
import { writePages } from "./write-pages.ts";

writePages([["README.md", withVersionTable]], "test/run/versions-page.ts");
