import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waysOfUse } from "../clients/clients.ts";
import { selfSigned } from "../setup/certificates.ts";
import { tally } from "./tally.ts";

const codes = [301, 302, 303, 307, 308];
const methods = ["GET", "POST"] as const;
const secret = "token-that-stays-home";

/** A request as it arrived: where, what, and whether anything in it holds the token. */
interface Arrival {
  readonly at: string;
  readonly path: string;
  readonly hasToken: boolean;
}

const arrivals: Arrival[] = [];
const servers: (ReturnType<typeof createServer> | ReturnType<typeof createSecureServer>)[] = [];

/** `/redirect?status=<code>&to=<url>` redirects; everything else is 200 with the token and 401 without it. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", headers, rawHeaders } = request;
  const hasToken = [url, ...rawHeaders].some((text) => text.includes(secret));
  const scheme = "encrypted" in request.socket ? "https" : "http";
  arrivals.push({ at: `${scheme}://${headers.host}`, path: url.split("?")[0] ?? "", hasToken });
  const { searchParams } = new URL(url, "http://api");
  request.resume().once("end", () => {
    const to = searchParams.get("to");
    if (to !== null) response.writeHead(Number(searchParams.get("status")), { location: to }).end();
    else response.writeHead(hasToken ? 200 : 401).end();
  });
}

async function listen(server: (typeof servers)[number]): Promise<number> {
  servers.push(server);
  // No client of this test runs into a connection that is just being closed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const origins = { api: "", otherPort: "", otherName: "", secure: "", plain: "" };

beforeAll(async () => {
  const certificate = selfSigned();
  setDefaultCACertificates([...getCACertificates("default"), certificate.cert]);
  const api = await listen(createServer(answer));
  const other = await listen(createServer(answer));
  const secure = await listen(createSecureServer(certificate, answer));
  Object.assign(origins, {
    api: `http://127.0.0.1:${api}`,
    otherPort: `http://127.0.0.1:${other}`,
    otherName: `http://localhost:${api}`,
    secure: `https://localhost:${secure}`,
    plain: `http://localhost:${other}`,
  });
});

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const redirect = (status: number, to: string): string => `/redirect?status=${status}&to=${encodeURIComponent(to)}`;

let obtained = 0;
function oneToken(): TokenCache {
  obtained = 0;
  return createTokenCache({
    async source() {
      obtained += 1;
      return { access_token: secret };
    },
  });
}

interface Journey {
  readonly where: string;
  readonly from: () => string;
  readonly to: (status: number) => string;
  /** Where the token may arrive. */
  readonly home: (arrival: Arrival) => boolean;
}

const away: Journey[] = [
  { where: "another port", from: () => origins.api, to: () => `${origins.otherPort}/there`, home: ({ at }) => at === origins.api },
  { where: "another host", from: () => origins.api, to: () => `${origins.otherName}/there`, home: ({ at }) => at === origins.api },
  { where: "http, from https", from: () => origins.secure, to: () => `${origins.plain}/there`, home: ({ at }) => at === origins.secure },
  {
    where: "another origin and back",
    from: () => origins.api,
    to: (status) => origins.otherPort + redirect(status, `${origins.api}/there`),
    home: ({ at }) => at === origins.api,
  },
];

/** axios and fetch tell where a redirect ended, not where it has been: one that comes back looks as if it had never left, and its 401 refreshes. */
const tellsItsWay = (client: string): boolean => /^(?:got|undici)/.test(client);

/** What a client does not come to an end with, with tokens and without. */
const neverEnds = (client: string, method: string, status: number): boolean =>
  client === "got.stream 14.4" && method === "POST" && status === 303;

describe.each(waysOfUse)("$name", ({ name, connect }) => {
  const redirects = tally(name, "redirects", "tokens off-origin");

  it("keeps the token on a redirect to the same origin", async () => {
    const send = connect(oneToken(), origins.api);
    for (const status of codes) {
      for (const method of methods.filter((one) => !neverEnds(name, one, status))) {
        arrivals.length = 0;

        const outcome = await send({ method, path: redirect(status, "/there"), ...(method === "POST" ? { body: "order" } : {}) });

        expect(outcome.status).toBe(200);
        expect(arrivals.map(({ path, hasToken }) => [path, hasToken])).toEqual([
          ["/redirect", true],
          ["/there", true],
        ]);
        redirects.count(0);
      }
    }
  });

  it.each(away)("takes no token along to $where, and the 401 there repeats no request", async ({ where, from, to, home }) => {
    const send = connect(oneToken(), from());
    for (const status of codes) {
      for (const method of methods.filter((one) => !neverEnds(name, one, status))) {
        arrivals.length = 0;

        await send({ method, path: redirect(status, to(status)), ...(method === "POST" ? { body: "order" } : {}) });

        const strays = arrivals.filter((arrival) => arrival.hasToken && !home(arrival));
        redirects.count(strays.length);
        expect(strays).toEqual([]);
        // It left, and it left once.
        expect(arrivals.length).toBeGreaterThan(1);
        expect(arrivals.filter(({ at, path }) => at === from() && path === "/redirect")).toHaveLength(1);
        // Another token was asked for, and it is the same one: nothing is sent again.
        if (where === "another origin and back" && !tellsItsWay(name)) expect(obtained).toBeLessThanOrEqual(2);
        else expect(obtained).toBe(1);
      }
    }
  });

  it("takes no header field of a scheme of the caller's along either, whatever it is called by", async () => {
    const scheme = ({ accessToken }: { accessToken: string }): Record<string, string> => ({ "X-Api-Key": accessToken });
    const send = connect(oneToken(), origins.api, { scheme });
    for (const status of codes) {
      arrivals.length = 0;

      await send({ path: redirect(status, `${origins.otherPort}/there`) });

      const strays = arrivals.filter(({ at, hasToken }) => hasToken && at !== origins.api);
      redirects.count(strays.length);
      expect(strays).toEqual([]);
      expect(arrivals[0]).toMatchObject({ at: origins.api, hasToken: true });
    }
  });
});
