import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type AdapterEvent, type ClosableTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios from "axios";
import ky from "ky";

/** Bodies that a page sends. */
export const bodies = {
  text: () => "tea ☕",
  bytes: () => Uint8Array.from({ length: 300_000 }, (_, index) => index % 251),
  "a Blob": () => new Blob(["tea", new Uint8Array([0, 255, 10])], { type: "application/x-tea" }),
  "a file": () => new File(["tea"], "order.txt", { type: "text/plain" }),
  parameters: () => new URLSearchParams({ tea: "Earl Grey & milk", cups: "2" }),
  "a form": () => {
    const form = new FormData();
    form.set("tea", "Earl Grey");
    form.set("picture", new File([new Uint8Array([0, 255, 13, 10])], "tea.png", { type: "image/png" }));
    return form;
  },
};

/** Browsers differ in what they make of it. */
const stream = (): ReadableStream => new Blob(["tea"]).stream();

export interface Asked {
  readonly url: string;
  readonly body?: keyof typeof bodies | "a stream";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What a caller gets: a status and a text, or what the client rejects with. */
export type Outcome = { readonly status: number; readonly text: string } | { readonly error: string; readonly code: string };

type Send = (asked: Asked) => Promise<{ status: number; text: string }>;
type Connect = (tokens: ClosableTokenCache | undefined, origins: string, observe: (event: AdapterEvent) => void) => Send;

const read = async (response: Response): Promise<{ status: number; text: string }> => ({
  status: response.status,
  text: await response.text(),
});

function bodyOf({ body }: Asked): BodyInit | undefined {
  return body === undefined ? undefined : body === "a stream" ? stream() : bodies[body]();
}

function initOf(asked: Asked): RequestInit {
  const { headers, signal } = asked;
  const body = bodyOf(asked);
  return {
    ...(body !== undefined && { method: "POST", body, ...(asked.body === "a stream" && { duplex: "half" }) }),
    ...(headers !== undefined && { headers }),
    ...(signal !== undefined && { signal }),
  };
}

const overFetch =
  (isRequest: boolean): Connect =>
  (tokens, origins, observe) => {
    const send = tokens === undefined ? fetch : bearer(tokens, { origins, observe })(fetch);
    return async (asked) => read(await (isRequest ? send(new Request(asked.url, initOf(asked))) : send(asked.url, initOf(asked))));
  };

const overKy: Connect = (tokens, origins, observe) => {
  const plain = ky.create({ retry: 0, throwHttpErrors: false });
  const send = tokens === undefined ? plain : plain.extend(kyBearer(tokens, { origins, observe }));
  return async (asked) => read(await send(asked.url, initOf(asked)));
};

const overAxios =
  (adapter: "fetch" | "xhr"): Connect =>
  (tokens, origins, observe) => {
    const api = axios.create({ adapter, responseType: "text", transformResponse: [], validateStatus: () => true });
    if (tokens !== undefined) attachBearer(api, tokens, { origins, observe });
    return async (asked) => {
      const { url, headers = {}, signal } = asked;
      const data = bodyOf(asked);
      const { status, data: text } = await api.request<string>({
        url,
        headers: { ...headers },
        ...(data !== undefined && { method: "POST", data }),
        ...(signal !== undefined && { signal }),
      });
      return { status, text };
    };
  };

export const clients = {
  fetch: overFetch(false),
  "fetch with a Request": overFetch(true),
  ky: overKy,
  "axios over xhr": overAxios("xhr"),
  "axios over fetch": overAxios("fetch"),
};
export type ClientName = keyof typeof clients;

/** What a page of an application with one of these clients offers to the test that drives it. */
export interface AdapterPage {
  /** Begins anew. The token source asks this URL of the page's own server, and the token that it gives is named after how often it was asked. */
  start(client: ClientName, origins: string, source: string): void;
  send(asked: Asked): Promise<Outcome>;
  /** The same without tokens. */
  sendPlain(asked: Asked): Promise<Outcome>;
  /** Sends the same so many times at once, and counts statuses and codes. */
  storm(asked: Asked, count: number): Promise<Record<string, number>>;
  readonly tokens: ClosableTokenCache;
  readonly events: AdapterEvent[];
  /** What calls come to that are looked at later. */
  later: readonly Promise<Outcome>[];
  leave: AbortController;
}

declare global {
  var adapters: AdapterPage;
}

let withTokens: Send;
let plain: Send;

const outcomeOf = (sent: Promise<{ status: number; text: string }>): Promise<Outcome> =>
  sent.catch((error: Error & { code?: string }) => ({ error: `${error.name}: ${error.message}`, code: String(error.code ?? error.name) }));

const page: AdapterPage = {
  tokens: undefined as unknown as ClosableTokenCache,
  events: [],
  later: [],
  leave: undefined as unknown as AbortController,
  start(client, origins, source) {
    const events: AdapterEvent[] = [];
    const tokens = createTokenCache({
      source: async ({ signal }) => {
        const response = await fetch(source, { method: "POST", signal });
        if (!response.ok) throw new Error(`The source answered ${response.status}.`);
        return (await response.json()) as { access_token: string };
      },
    });
    withTokens = clients[client](tokens, origins, (event) => events.push(event));
    plain = clients[client](undefined, origins, () => {});
    Object.assign(page, { tokens, events, leave: new AbortController() });
  },
  send: (asked) => outcomeOf(withTokens(asked)),
  sendPlain: (asked) => outcomeOf(plain(asked)),
  async storm(asked, count) {
    const counts: Record<string, number> = {};
    await Promise.all(
      Array.from({ length: count }, async () => {
        const outcome = await page.send(asked);
        const what = "status" in outcome ? String(outcome.status) : outcome.code;
        counts[what] = (counts[what] ?? 0) + 1;
      }),
    );
    return counts;
  },
};
globalThis.adapters = page;
