/** Writes docs/works-as-it-is.md. With CI=true it has to be committed already. */
import { writePages } from "../run/write-pages.ts";
import { renderPage } from "./page.ts";

writePages([["docs/works-as-it-is.md", renderPage]], "test/sdks/write-page.ts");
