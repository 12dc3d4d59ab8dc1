import { indexedDbStore, sessionSource } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";

/** A backend that wants a field against CSRF gives its value in a cookie that scripts may read. */
const csrf = (): string => /(?:^|; )csrf=([^;]*)/.exec(document.cookie)?.[1] ?? "";

const session = sessionSource({
  refresh: ({ signal }) => fetch("/refresh", { method: "POST", redirect: "manual", signal, headers: { "x-csrf-token": csrf() } }),
  fields: () => ({ "x-csrf-token": csrf() }),
});
const tokens = createTokenCache({ source: session, store: indexedDbStore({ name: "my-app" }), key: "session" });
const send = bearer(tokens, { origins: location.origin, scheme: session.scheme })(fetch);

const { status } = await send("/orders", { method: "POST", body: "tea" });
document.body.textContent = `The backend answered ${status}.`;
