import { request as send } from "node:http";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

/** The same server at another origin, which lets pages of every origin ask it and read all of its answers. */
export async function withCors(server: Loopback): Promise<Loopback> {
  return startLoopback(() => (asked, answer) => {
    const allowed = {
      "access-control-allow-origin": asked.headers.origin ?? "*",
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": asked.headers["access-control-request-headers"] ?? "*",
      "access-control-expose-headers": "WWW-Authenticate, Retry-After, Location",
      "access-control-max-age": "600",
      vary: "Origin",
    };
    if (asked.method === "OPTIONS") return void answer.writeHead(204, allowed).end();
    const { origin: _, ...headers } = asked.headers;
    const passed = send(new URL(asked.url ?? "/", server.origin), { method: asked.method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, { ...given.headers, ...allowed });
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
}
