import { startLoopback, type Handler, type Loopback } from "../servers/loopback.ts";
import { bundle } from "./bundle.ts";

export interface Pages extends Loopback {
  /** From now on every script is another one, by its bytes. */
  deploy(): void;
  /** From now on this path cannot be had. */
  fail(path: string | undefined): void;
}

const notFound: Handler = (_, response) => void response.writeHead(404).end();

/**
 * Serves pages that load one entry of the folder `pages` each: `/store.html` loads `store.ts`, and `/frame?url=` is a page with another one in a frame.
 * Whatever else is asked for, `backend` answers.
 */
export async function servePages(entries: readonly string[], backend: Handler = notFound): Promise<Pages> {
  const files = await bundle(...entries);
  let version = 1;
  let failing: string | undefined;
  const loopback = await startLoopback(() => (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === failing) return void response.writeHead(503).end();
    const script = files.get(pathname);
    if (script !== undefined)
      return void response.writeHead(200, { "content-type": "text/javascript" }).end(`${script}\n// Version ${version}`);
    if (pathname === "/frame") {
      const framed = (searchParams.get("url") ?? "").replaceAll('"', "&quot;");
      return void response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><iframe src="${framed}"></iframe>`);
    }
    const page = /^\/(\w+)\.html$/.exec(pathname)?.[1];
    if (page === undefined || !files.has(`/${page}.js`)) return backend(request, response);
    const html = `<!doctype html><meta charset="utf-8"><title>${page}</title><script type="module" src="/${page}.js"></script>`;
    response.writeHead(200, { "content-type": "text/html" }).end(html);
  });
  return { ...loopback, deploy: () => void (version += 1), fail: (path) => void (failing = path) };
}
