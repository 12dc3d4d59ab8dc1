/**
 * Writes the table of docs/versions.md, from the packages' ranges, what is installed here, and the contract's ways of use. With CI=true it has to be
 * committed already.
 */
import { withVersionTable } from "./version-table.ts";
import { writePages } from "./write-pages.ts";

writePages([["docs/versions.md", withVersionTable]], "test/run/versions-page.ts");
