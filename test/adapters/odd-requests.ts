import { createTokenCache, type TokenCache } from "@tokenflight/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startRecordingApi, type Arrival, type RecordingApi } from "../contract/scenarios/recording-api.ts";
import { tally } from "./tally.ts";

/** A call of a client, made anew for each time that it is sent: some of what is in it can be used once. */
export interface OddCall {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: unknown;
}

/** A client that takes odd requests. Sending gives the status, whatever it is, or rejects. */
export interface OddClient {
  readonly name: string;
  readonly connect: (tokens: TokenCache | undefined, origin: string) => (call: OddCall) => Promise<number>;
  /** What the client is given, of all that there is. Default: everything. */
  readonly bodies?: readonly (keyof typeof bodies)[];
  readonly headers?: readonly (keyof typeof forms)[];
  /** Requests that the bare client makes a mess of, so that nothing can be said of them. Default: none. */
  readonly spoils?: (method: string, body: keyof typeof bodies) => boolean;
}

const textOf = (seed: number): string => `text ${seed} größer ${"x".repeat(seed % 3000)}`;
const bytesOf = (seed: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: seed % 5000 }, (_, index) => (index * 7 + seed) % 256);

async function* pieces(seed: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`piece ${seed}`);
  yield Buffer.from("the other");
}

/** Bodies, each made of a number. */
export const bodies = {
  none: () => undefined,
  null: () => null,
  empty: () => "",
  text: textOf,
  bytes: bytesOf,
  noBytes: () => new Uint8Array(0),
  buffer: (seed: number) => Buffer.from(textOf(seed)),
  part: (seed: number) => bytesOf((seed % 4000) + 10).subarray(3),
  arrayBuffer: (seed: number) => bytesOf(seed).buffer,
  dataView: (seed: number) => new DataView(bytesOf((seed % 4000) + 8).buffer, 1),
  wide: (seed: number) => new Uint16Array([seed % 65_536, 1, 2]),
  parameters: (seed: number) =>
    new URLSearchParams([
      ["a", textOf(seed)],
      ["a", "&="],
      ["", ""],
    ]),
  blob: (seed: number) => new Blob([bytesOf(seed)], seed % 2 === 0 ? {} : { type: "application/x-odd" }),
  file: (seed: number) => new File([textOf(seed)], "näme", { type: "text/odd" }),
  form(seed: number) {
    const form = new FormData();
    form.append("text", textOf(seed));
    form.append("text", "");
    if (seed % 2 === 0) form.append("file", new Blob([bytesOf(seed)], { type: "a/b" }), 'a "b".bin');
    return form;
  },
  stream: (seed: number) => new Blob([textOf(seed)]).stream(),
  generator: pieces,
  once(seed: number) {
    const generator = pieces(seed);
    return { [Symbol.asyncIterator]: () => generator };
  },
  boxed: (seed: number) => Object(textOf(seed)) as unknown,
  number: (seed: number) => seed,
  url: (seed: number) => new URL(`https://example.com/${seed}`),
  plain: (seed: number) => ({ seed, list: [1, { deep: true }] }),
  array: (seed: number) => ["a", seed],
  texts: (seed: number) => [textOf(seed), "", "b"],
  buffers: (seed: number) => [Buffer.from(textOf(seed)), bytesOf(seed)],
  writesItself: (seed: number) => ({ toString: () => `object ${seed}` }),
  writesItselfOnce(seed: number) {
    const left = [`object ${seed}`];
    return { toString: () => left.shift() ?? "" };
  },
};

type Pairs = readonly (readonly [string, string])[];

/** Forms of headers, each made of pairs. */
export const forms = {
  none: () => undefined,
  record: (pairs: Pairs) => Object.fromEntries(pairs),
  bare: (pairs: Pairs) => Object.assign(Object.create(null) as object, Object.fromEntries(pairs)),
  numbers: (pairs: Pairs) => Object.fromEntries(pairs.map(([name], index) => [name, index])),
  inherited: (pairs: Pairs) => Object.assign(Object.create({ "x-inherited": "1" }) as object, Object.fromEntries(pairs)),
  pairs: (pairs: Pairs) => pairs.map(([name, value]) => [name, value]),
  twice: (pairs: Pairs) => [...pairs, ...pairs].map(([name, value]) => [name, value]),
  headers: (pairs: Pairs) => new Headers(pairs.map(([name, value]): [string, string] => [name, value])),
  map: (pairs: Pairs) => new Map(pairs),
  iterator: (pairs: Pairs) => new Map(pairs).entries(),
  odd: (pairs: Pairs) => [...pairs, ["alone"]],
};

const field = fc.tuple(
  fc.constantFrom(
    "x-a",
    "X-Mixed-Case",
    "accept",
    "Content-Type",
    "content-type",
    "x-empty",
    "user-agent",
    "X-A",
    "cookie",
    "x_under",
    "idempotency-key",
  ),
  fc.constantFrom("1", "", "a, b", "text/plain", "application/json", "größer".normalize("NFC"), "  spaces  ", "a;b=c"),
);

const states = ["fresh", "missing", "refused"] as const;

/** The token cache of a case. The token "good" is taken, and no other. */
async function tokensIn(state: (typeof states)[number]): Promise<TokenCache> {
  const names = state === "refused" ? ["bad", "good"] : ["good"];
  const tokens = createTokenCache({ source: async () => ({ access_token: names.shift() ?? "good", expires_in: 3600 }) });
  if (state !== "missing") await tokens.get();
  return tokens;
}

/** What came over the wire, but for the token and a boundary that is drawn anew each time. */
function seenOf({ method, url, rawHeaders, body }: Arrival): unknown {
  const inField = /boundary=(.*)$/.exec(rawHeaders.find((text) => text.startsWith("multipart/")) ?? "")?.[1];
  // The caller may have given another content type.
  const boundary = inField ?? /^--(\S+)\r\nContent-Disposition: form-data/i.exec(body)?.[1];
  const plain = (text: string): string => (boundary === undefined ? text : text.replaceAll(boundary, "boundary"));
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (!/^authorization$/i.test(name)) lines.push(`${name}: ${plain(rawHeaders[index + 1] ?? "")}`);
  }
  return { method, url, lines: lines.toSorted(), body: plain(body) };
}

const runs = process.env["TOKENFLIGHT_FULL"] === "1" ? 2000 : 150;

/** The client beside the attached client: what the server gets is the same but for the field, the second time, too, and nothing is ever replayed empty. */
export function oddRequests(client: OddClient): void {
  const counted = tally(client.name, "odd requests", "that arrived otherwise than without us");
  let api: RecordingApi;
  beforeAll(async () => {
    api = await startRecordingApi(({ headers, url }, response) =>
      response.writeHead(url.startsWith("/bare") || headers.authorization === "Bearer good" ? 200 : 401).end("{}"),
    );
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const anyRequest = fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"),
    body: fc.constantFrom(...(client.bodies ?? (Object.keys(bodies) as (keyof typeof bodies)[]))),
    seed: fc.nat(9999),
    form: fc.constantFrom(...(client.headers ?? (Object.keys(forms) as (keyof typeof forms)[]))),
    fields: fc.uniqueArray(field, { maxLength: 4, selector: ([name]) => name.toLowerCase() }),
  });
  const request = anyRequest.filter(({ method, body }) => client.spoils?.(method, body) !== true);

  const attempt = async (send: (call: OddCall) => Promise<number>, call: OddCall): Promise<{ outcome: unknown; seen: unknown[] }> => {
    api.arrivals.length = 0;
    const outcome = await (async () => send(call))().catch((error: unknown) => (error as Error).constructor.name);
    // What a client gives up halfway has left in part, more or less of it each time.
    const seen = api.arrivals
      .filter(({ isWhole }) => isWhole)
      .map(seenOf)
      .map((one) => JSON.stringify(one).replace("/bare/", "/"));
    return { outcome, seen };
  };

  let arrived = 0;
  it(`${client.name}: odd bodies and headers arrive as without us, with the token fresh, missing and refused`, async () => {
    await fc.assert(
      fc.asyncProperty(request, fc.constantFrom(...states), async ({ method, body, seed, form, fields }, state) => {
        const call = (prefix: string): OddCall => ({
          method,
          path: `${prefix}/x?y=${seed}`,
          body: (bodies[body] as (seed: number) => unknown)(seed),
          headers: forms[form](fields),
        });
        const tokens = await tokensIn(state);
        const theirs = await attempt(client.connect(undefined, api.origin), call("/bare"));
        const ours = await attempt(client.connect(tokens, api.origin), call(""));

        const [expected] = theirs.seen;
        const isSame = ours.seen.every((one) => one === expected) && ours.seen.length > 0 === theirs.seen.length > 0;
        counted.count(isSame ? 0 : 1);
        arrived += ours.seen.length;
        expect(ours.seen).toEqual(ours.seen.map(() => expected));
        expect(ours.seen.length > 0).toBe(theirs.seen.length > 0);
        expect(ours.seen.length).toBeLessThanOrEqual(state === "refused" ? 2 : 1);
        // A refusal stays where the request cannot be sent again.
        if (!(state === "refused" && ours.seen.length === 1)) expect(ours.outcome).toEqual(theirs.outcome);
        else expect(ours.outcome).toBe(401);
      }),
      { numRuns: runs, seed: Number(process.env["SEED"] ?? 20_260_116), endOnFailure: true, timeout: 30_000 },
    );
    // Clients refuse many of them, and a good part of them leaves.
    expect(arrived).toBeGreaterThan(runs / 3);
  }, 240_000);
}
