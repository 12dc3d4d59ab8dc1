import { indexedDbStore, serveTokens, workerKeepAlive } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";

/** An application's own way to tell its worker where its servers are. */
const { searchParams } = new URL(location.href);
const [tokenEndpoint = "", clientId = "", store = ""] = ["tokenEndpoint", "clientId", "store"].map((name) => searchParams.get(name) ?? "");

const authorizationEndpoint = new URL("authorize", tokenEndpoint).href;
const client = createOAuthClient({ tokenEndpoint, authorizationEndpoint, clientId, clientAuth: noClientAuth() });
const tokens = createTokenCache({
  source: client.refreshToken(),
  store: indexedDbStore({ name: store }),
  key: "user",
  keepAlive: workerKeepAlive,
});
/** Which start of the worker this is. */
const start = crypto.randomUUID();
addEventListener("message", ({ data, ports }) => {
  if (data === "which") ports[0]?.postMessage(start);
});
if (searchParams.has("later")) seeEarlierPages();
// An application's own listener, which answers whatever it is asked.
if (searchParams.has("talkative")) addEventListener("message", ({ ports }) => ports[0]?.postMessage("What?"));
// A login that begins at a backend of the application's.
const authorizationUrl: typeof client.authorizationUrl = async (request) => {
  if (searchParams.has("backend")) await fetch("/login");
  return client.authorizationUrl(request);
};
serveTokens(tokens, { client: { ...client, authorizationUrl } });

/** As a worker of a later version of the package sees the questions of this one's pages. */
function seeEarlierPages(): void {
  const listen = globalThis.addEventListener.bind(globalThis) as (type: string, listener: (event: Work) => void) => void;
  Object.assign(globalThis, {
    addEventListener: (type: string, listener: (event: Pick<Work, "data" | "ports" | "waitUntil">) => void) =>
      listen(type, (event) => {
        const { data, ports } = event;
        listener({ data: { ...data, tokenflight: data.tokenflight - 1 }, ports, waitUntil: (work) => event.waitUntil(work) });
      }),
  });
}

interface Work extends MessageEvent {
  waitUntil(work: Promise<unknown>): void;
}
