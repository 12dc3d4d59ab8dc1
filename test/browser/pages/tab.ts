import { connectTokens, indexedDbStore, type ConnectedTokens } from "@tokenflight/browser";
import { createTokenCache, type ClosableTokenCache, type TokenEvent } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { denials } from "./denials.ts";

export interface TabOptions {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly api: string;
  /** The database. */
  readonly store: string;
  readonly key?: string;
  /** Where the service worker is that refreshes; without one, the page does. */
  readonly worker?: string;
}

/** What a tab of an application offers to the test that drives it. */
export interface AppTab {
  start(options: TabOptions): void;
  /** Waits for a database that takes longer to open than operations wait, as on a busy machine. */
  ready(): Promise<void>;
  readonly tokens: ClosableTokenCache & Partial<ConnectedTokens>;
  readonly events: TokenEvent[];
  /** Of what the page was warned. */
  readonly warnings: string[];
  /** From now on the browser lacks or denies what the table says. */
  deny(name: string): void;
  /** What requests have come to: statuses, and codes of errors, with their counts. */
  readonly results: Record<string, number>;
  /** What a call comes to that a test began, and looks at later. */
  outcome: Promise<unknown>;
  /** Which start of the service worker this is. */
  worker(): Promise<string>;
  /** Looks for a newer service worker. */
  update(): Promise<void>;
  /** Sends so many requests at once. */
  send(count: number): Promise<void>;
  /** Sends `count` requests at once each `interval` milliseconds, for `duration` milliseconds, and until they are as many as `least`. */
  load(count: number, interval: number, duration: number, least?: number): Promise<Record<string, number>>;
}

declare global {
  var tab: AppTab;
}

let scope = "/";
let call: ((path: string) => Promise<Response>) | undefined;

const app: AppTab = {
  tokens: undefined as unknown as ClosableTokenCache,
  events: [],
  warnings: [],
  deny: (name) => denials.find((denial) => denial.name === name)?.deny(),
  results: {},
  outcome: Promise.resolve(),
  async worker() {
    const registration = await navigator.serviceWorker.getRegistration(scope);
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<string>((resolve) => (port1.onmessage = ({ data }) => resolve(String(data))));
    registration?.active?.postMessage("which", [port2]);
    return answer;
  },
  async update() {
    const registration = await navigator.serviceWorker.getRegistration(scope);
    await registration?.update();
  },
  start({ tokenEndpoint, clientId, api, store, key = "user", worker }) {
    const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth: noClientAuth() });
    const observe = (event: TokenEvent): void => void app.events.push(event);
    const warn = ({ code }: { readonly code: string }): void => void app.warnings.push(code);
    const ofPage = (): ClosableTokenCache =>
      createTokenCache({ source: client.refreshToken(), store: indexedDbStore({ name: store, warn }), key, observe });
    scope = `/${store}/`;
    app.warnings.length = 0;
    const tokens = worker === undefined ? ofPage() : connectTokens({ worker, registration: { scope }, fallback: ofPage, warn });
    for (const status of Object.keys(app.results)) delete app.results[status];
    const send = bearer(tokens, { origins: api })(fetch);
    call = (path) => send(`${api}${path}`);
    Object.assign(app, { tokens });
  },
  ready: () =>
    app.tokens.reread().then(
      () => {},
      () => app.ready(),
    ),
  async send(count) {
    await Promise.all(
      Array.from({ length: count }, async () => {
        const result = await (call?.("/orders") ?? Promise.reject(new Error("not started"))).then(
          async (response) => {
            await response.text();
            return String(response.status);
          },
          (error: { code?: string; message: string }) => error.code ?? error.message,
        );
        app.results[result] = (app.results[result] ?? 0) + 1;
      }),
    );
  },
  async load(count, interval, duration, least = 0) {
    const end = performance.now() + duration;
    for (let sent = 0; performance.now() < end || sent < least; sent += count) {
      await Promise.all([app.send(count), new Promise((resolve) => setTimeout(resolve, interval))]);
    }
    return app.results;
  },
};
globalThis.tab = app;
