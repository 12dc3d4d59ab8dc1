/** Writes the tables of docs/comparison.md: runs every library in every case, and names the lines of its package. */
import { writePages } from "../../run/write-pages.ts";
import { limitConnections } from "../contenders/clients/connections.ts";
import { contestants } from "./contestants.ts";
import { answersOf, rowsOf, withRuns, withStatements } from "./tables.ts";

limitConnections();
const rows = await Promise.all(contestants.map(async (contestant) => rowsOf(contestant, await answersOf(contestant))));
writePages([["docs/comparison.md", (page) => withRuns(withStatements(page), rows)]], "test/bench/comparison/write-page.ts");
