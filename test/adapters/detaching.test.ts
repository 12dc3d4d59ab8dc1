import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios from "axios";
import got from "got";
import ky from "ky";
import { Agent } from "undici";
import { expect, it } from "vitest";
import { startWireApi } from "./wire-session.ts";

/** Node prints a warning for whoever asks a function for the first two; the last is the number of axios's next interceptor, which it gives once. */
const passedOver = new Set<string | symbol>(["caller", "arguments", "nextId"]);

/** Every object that can be reached from a value by own properties, each with its properties as they are now. */
function stateOf(value: unknown): Map<object, readonly (readonly [string | symbol, unknown])[]> {
  const state = new Map<object, readonly (readonly [string | symbol, unknown])[]>();
  const visit = (next: unknown): void => {
    if ((typeof next !== "object" && typeof next !== "function") || next === null || state.has(next)) return;
    const keys = Reflect.ownKeys(next).filter((key) => !passedOver.has(key));
    const own = keys.map((key) => [key, Reflect.getOwnPropertyDescriptor(next, key)?.value as unknown] as const);
    state.set(next, next instanceof Map ? [...own, ...next] : own);
    for (const [, reached] of own) visit(reached);
    visit(Object.getPrototypeOf(next));
  };
  visit(value);
  return state;
}

/** What has become another since then. */
function changes(before: ReturnType<typeof stateOf>, after: ReturnType<typeof stateOf>): string[] {
  const changed = [...before].flatMap(([holder, own]) => {
    const now = after.get(holder);
    const isSame = now?.length === own.length && own.every(([key, was], at) => now[at]?.[0] === key && Object.is(now[at]?.[1], was));
    return isSame ? [] : [`${String(holder.constructor?.name)}: ${own.map(([key]) => String(key)).join(", ")}`];
  });
  const added = [...after.keys()].filter((holder) => !before.has(holder)).map((holder) => `new: ${String(holder.constructor?.name)}`);
  return [...changed, ...added];
}

interface Client {
  readonly name: string;
  readonly client: object;
  /** Attaches, sends a request that is refused, and detaches. */
  readonly use: (tokens: TokenCache, origin: string) => Promise<unknown>;
}

const instance = axios.create();
instance.interceptors.request.use((config) => config);
const parent = got.extend({ hooks: { beforeRequest: [() => {}] }, context: { own: true } });
const base = ky.create({ retry: 0, hooks: { beforeRequest: [() => {}] } });
const agent = new Agent();

const clients: Client[] = [
  {
    name: "an axios instance",
    client: instance,
    async use(tokens, origin) {
      const detach = attachBearer(instance, tokens, { origins: origin });
      await instance.get(origin);
      detach();
      detach();
    },
  },
  { name: "axios itself", client: axios, use: async (tokens, origin) => attachBearer(axios, tokens, { origins: origin })() },
  { name: "a got instance", client: parent, use: async (tokens, origin) => parent.extend(gotBearer(tokens, { origins: origin }))(origin) },
  { name: "a ky instance", client: base, use: async (tokens, origin) => base.extend(kyBearer(tokens, { origins: origin }))(origin) },
  {
    name: "the global fetch",
    client: globalThis.fetch,
    use: async (tokens, origin) => fetchBearer(tokens, { origins: origin })(globalThis.fetch)(origin),
  },
  // Its connections are what changes when something is sent, by whomever.
  { name: "an undici agent", client: agent, use: async (tokens, origin) => agent.compose(undiciBearer(tokens, { origins: origin })) },
];

it.each(clients)("A7 attaching tokens to $name and detaching them leaves everything in it as it was", async ({ client, use }) => {
  await using api = await startWireApi((token) => token !== "1");
  let count = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: String((count += 1)) }) });
  const before = stateOf(client);

  await use(tokens, api.origin);

  expect(changes(before, stateOf(client))).toEqual([]);
});

it("the comparison sees what a client keeps", () => {
  const other = axios.create();
  const before = stateOf(other);
  attachBearer(other, createTokenCache({ source: async () => ({ access_token: "token" }) }), { origins: "https://api.example.com" });
  expect(changes(before, stateOf(other))).not.toEqual([]);
});
