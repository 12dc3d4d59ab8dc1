import { expect } from "vitest";
import type { ClientUnderTest, OutgoingBody, Send } from "../../clients/client-under-test.ts";
import { countingTokens, refusing, startRecordingApi } from "./recording-api.ts";
import type { Scenario } from "./scenario.ts";

/** Has something to give once, whatever it looks like. */
function onceBodies(): Record<string, OutgoingBody> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from("one ");
    yield Buffer.from("two");
  };
  const [generator, tagged] = [pieces(), pieces()];
  const queue = [Buffer.from("one "), Buffer.from("two")];
  return {
    "an asynchronous generator": pieces(),
    "an asynchronous iterable over one generator": { [Symbol.asyncIterator]: () => generator },
    "what says that it is an array": Object.assign({ [Symbol.asyncIterator]: () => tagged }, { [Symbol.toStringTag]: "Array" }),
    "a queue that is emptied": {
      async *[Symbol.asyncIterator]() {
        for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) yield piece;
      },
    },
  };
}

/** I, of the field's faults: what the caller gave is what goes out. Ids are the lines of the list of faults. */
export const exact: readonly Scenario[] = [
  {
    id: "I113",
    title: "a POST that is refused behind a redirect at home is not sent again from the start, and the next request has a fresh token",
    async run({ connect }) {
      await using api = await startRecordingApi(({ url, headers }, response) => {
        if (url === "/orders") response.writeHead(307, { location: "/orders/" }).end();
        else response.writeHead(headers.authorization === "Bearer 1" ? 401 : 200).end();
      });
      const tokens = countingTokens();
      await tokens.get();
      const send = connect(tokens, api.origin);

      await send({ method: "POST", path: "/orders", body: "order" });
      await expect.poll(() => tokens.obtained()).toBe(2);

      expect(api.arrivals.filter(({ url }) => url === "/orders").map(({ body }) => body)).toEqual(["order"]);
      api.arrivals.length = 0;
      expect((await send({ method: "POST", path: "/orders", body: "next" })).status).toBe(200);
      expect(api.arrivals.map(({ url, body, headers }) => [url, body, headers.authorization])).toEqual([
        ["/orders", "next", "Bearer 2"],
        ["/orders/", "next", "Bearer 2"],
      ]);
      expect(tokens.obtained()).toBe(2);
    },
  },
  {
    id: "I114",
    title: "a body that can be read once although it does not look like it is never sent without its content",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing("1"));
      for (const name of Object.keys(onceBodies())) {
        const post = async (send: Send): Promise<string[]> => {
          api.arrivals.length = 0;
          // Some clients refuse some of them.
          await send({ method: "POST", body: onceBodies()[name] as OutgoingBody }).catch(() => {});
          return api.arrivals.map(({ body }) => body);
        };
        const [theirs] = await post(connect(undefined, api.origin));
        const tokens = countingTokens();
        await tokens.get();
        const ours = await post(connect(tokens, api.origin));

        expect(new Set(ours), name).toEqual(new Set(theirs === undefined ? [] : [theirs]));
      }
    },
  },
  {
    id: "I118",
    title: "a global fetch that a test or an instrumentation puts in place after attaching is called where the client calls it without us",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing());
      const original = globalThis.fetch;
      const tokens = countingTokens();
      await tokens.get();
      const replaced = async (send: Send): Promise<(string | null)[]> => {
        const calls: (string | null)[] = [];
        globalThis.fetch = async (...call) => {
          const authorization = new Request(...call).headers.get("authorization");
          calls.push(authorization);
          return new Response("mocked", { status: authorization === "Bearer 1" ? 401 : 200 });
        };
        try {
          await send({ method: "POST", body: "order" });
        } finally {
          globalThis.fetch = original;
        }
        return calls;
      };

      const theirs = await replaced(connect(undefined, api.origin));
      const ours = await replaced(connect(tokens, api.origin));

      expect(ours).toEqual(theirs.flatMap(() => ["Bearer 1", "Bearer 2"]));
      expect(api.arrivals).toHaveLength(theirs.length === 0 ? 2 : 0);
    },
  },
  {
    id: "I122",
    title: "whatever the client sends with, no hop of a chain of redirects takes the token, or a field of a scheme, to another origin",
    run: (client) => sendChains(client, true),
    otherwise: (client) => sendChains(client, false),
  },
  {
    id: "I137",
    title: "names of header fields keep the spelling that they have without us, the second time, too",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing("1"));
      const headers = { "X-MiXeD": "1", "x-lower": "2", ACCEPT: "text/plain", "Content-Type": "text/plain" };
      const namesAfter = async (send: Send): Promise<string[][]> => {
        api.arrivals.length = 0;
        await send({ method: "POST", body: "order", headers });
        const names = api.arrivals.map(({ rawHeaders }) => rawHeaders.filter((_, index) => index % 2 === 0));
        return names.map((all) => all.filter((name) => name.toLowerCase() !== "authorization").toSorted());
      };

      const [theirs] = await namesAfter(connect(undefined, api.origin));
      const tokens = countingTokens();
      await tokens.get();
      const ours = await namesAfter(connect(tokens, api.origin));

      expect(theirs).toContain(theirs?.find((name) => /^x-mixed$/i.test(name)));
      for (const names of ours) expect(names).toEqual(theirs);
      expect(ours.length).toBeGreaterThan(0);
    },
  },
  {
    id: "I139",
    title: "a client that keeps cookies goes on keeping them, also those of a refusal",
    async run({ connect, name }) {
      await using api = await startRecordingApi(({ url, headers }, response) => {
        const isRefused = headers.authorization === "Bearer 1";
        response.writeHead(isRefused ? 401 : 200, { "set-cookie": isRefused ? "refused=1; Path=/" : `at=${url.slice(1)}; Path=/` }).end();
      });
      const cookiesOf = async (send: Send): Promise<(string | undefined)[]> => {
        api.arrivals.length = 0;
        for (const path of ["/one", "/two", "/three"]) await send({ method: "POST", path, body: "order" });
        return api.arrivals.map(({ headers }) => headers.cookie);
      };

      const theirs = await cookiesOf(connect(undefined, api.origin));
      const tokens = countingTokens();
      await tokens.get();
      const ours = await cookiesOf(connect(tokens, api.origin));

      expect(theirs).toEqual(name.includes("cookie") ? [undefined, "at=one", "at=two"] : [undefined, undefined, undefined]);
      // The first one was refused, and where the client can, sent again.
      if (name.includes("cookie")) expect(ours).toEqual([undefined, "refused=1", "refused=1; at=one", "refused=1; at=two"]);
      else expect(new Set(ours)).toEqual(new Set([undefined]));
    },
  },
];

/** Chains of redirects of all kinds away from the API. `followsEach` is false for a client that does not follow a 303 to a POST. */
async function sendChains({ connect }: ClientUnderTest, followsEach: boolean): Promise<void> {
  await using other = await startRecordingApi(({ url }, response) => {
    const back = new URL(url, "http://x").searchParams.get("back");
    if (back === null) response.writeHead(200).end();
    else response.writeHead(307, { location: back }).end();
  });
  await using api = await startRecordingApi(({ url }, response) => {
    const { searchParams } = new URL(url, "http://x");
    const to = searchParams.get("to");
    if (to === null) response.writeHead(200).end();
    else response.writeHead(Number(searchParams.get("status")), { location: to }).end();
  });
  const redirect = (status: number, to: string): string => `/from?status=${status}&to=${encodeURIComponent(to)}`;
  const apiKey = ({ accessToken }: { accessToken: string }): Record<string, string> => ({ "x-api-key": `Bearer ${accessToken}` });
  const elsewhere = [other.origin, other.origin.replace("127.0.0.1", "localhost")];
  let sent = 0;

  for (const options of [{}, { scheme: apiKey }]) {
    const tokens = countingTokens();
    await tokens.get();
    const send = connect(tokens, api.origin, options);
    for (const status of [301, 302, 303, 307, 308]) {
      for (const method of ["GET", "POST"] as const) {
        if (!followsEach && status === 303 && method === "POST") continue;
        for (const away of elsewhere) {
          const chains = [`${away}/there`, `${away}/?back=${encodeURIComponent(`${api.origin}/home`)}`];
          for (const target of [...chains, redirect(status, chains[0] as string)]) {
            await send({ method, path: redirect(status, target), ...(method === "POST" ? { body: "order" } : {}) });
            sent += 1;
          }
        }
      }
    }
  }

  expect(sent).toBe(followsEach ? 120 : 108);
  expect(api.arrivals.filter(({ rawHeaders }) => rawHeaders.includes("Bearer 1")).length).toBeGreaterThanOrEqual(sent);
  expect(other.arrivals.filter(({ rawHeaders }) => rawHeaders.some((text) => /Bearer \d/.test(text)))).toEqual([]);
  // With Authorization all of them left; with a field of a scheme a client may leave redirects to its caller.
  expect(other.arrivals.length).toBeGreaterThanOrEqual(sent / 2);
}
