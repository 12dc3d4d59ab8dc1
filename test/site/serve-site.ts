import { readFileSync, statSync } from "node:fs";
import { folders } from "../../docs/site/folders.ts";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

const types: Record<string, string> = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml", png: "image/png" };

/** Serves the site as hosts of static files do: `/a` is `a.html`. */
export function serveSite(): Promise<Loopback> {
  return startLoopback(() => (request, response) => {
    const path = decodeURI(new URL(request.url ?? "/", "http://localhost").pathname);
    const files = [path, `${path}.html`, `${path}index.html`].map((name) => folders.html + name);
    const file = files.find((name) => statSync(name, { throwIfNoEntry: false })?.isFile());
    if (file === undefined) return void response.writeHead(404).end();
    const type = types[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type }).end(readFileSync(file));
  });
}
