/** `docs`: builds the site. With `--serve` it is shown on this machine, too. */
import { buildSite } from "./build-site.ts";

await buildSite();
