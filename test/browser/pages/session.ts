import { attachBearer } from "@tokenflight/axios";
import { indexedDbStore, sessionSource, type SessionSource } from "@tokenflight/browser";
import { createTokenCache, type ClosableTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import axios from "axios";

/** A page of an application whose backend keeps the session in cookies. */
export interface SessionPage {
  start(store?: string): void;
  readonly tokens: ClosableTokenCache;
  readonly source: SessionSource;
  /** Sends so many requests at once, and gives their statuses, or the codes of errors, with their counts. */
  send(client: "fetch" | "xhr", count: number): Promise<Record<string, number>>;
}

declare global {
  var session: SessionPage;
}

const cookie = (name: string): string => new RegExp(`${name}=([^;]*)`).exec(document.cookie)?.[1] ?? "";
let clients: Record<"fetch" | "xhr", () => Promise<number>>;

const page: SessionPage = {
  tokens: undefined as unknown as ClosableTokenCache,
  source: undefined as unknown as SessionSource,
  start(store) {
    const source = sessionSource({
      refresh: ({ signal }) =>
        fetch("/refresh", { method: "POST", redirect: "manual", signal, headers: { "x-csrf-token": cookie("csrf") } }),
      fields: () => ({ "x-csrf-token": cookie("csrf") }),
    });
    const shared = store === undefined ? {} : { store: indexedDbStore({ name: store }), key: "session" };
    const tokens = createTokenCache({ source, ...shared });
    const options = { origins: location.origin, scheme: source.scheme };
    const send = bearer(tokens, options)(fetch);
    const api = axios.create({ adapter: "xhr" });
    attachBearer(api, tokens, options);
    clients = {
      fetch: async () => (await send("/orders", { method: "POST", body: "order" })).status,
      xhr: async () => (await api.post("/orders", "order", { validateStatus: () => true })).status,
    };
    Object.assign(page, { tokens, source });
  },
  async send(client, count) {
    const results: Record<string, number> = {};
    await Promise.all(
      Array.from({ length: count }, async () => {
        const result = await clients[client]().catch(
          (error: { code?: string; cause?: { code?: string } }) => error.cause?.code ?? error.code,
        );
        results[String(result)] = (results[String(result)] ?? 0) + 1;
      }),
    );
    return results;
  },
};
globalThis.session = page;
