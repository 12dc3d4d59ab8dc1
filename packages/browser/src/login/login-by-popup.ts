import { LoginRequiredError, readOptions, reasonOf, requireText, StoreError, type TokenSet } from "@tokenflight/core";
import { openChannel } from "../store/tab-changes.ts";
import { isCallback, requireLoginClient, stateOf, type LoginClient } from "./pending-logins.ts";

/** The options of `loginByPopup`. */
export interface PopupOptions {
  /** Ends the wait for the user. Default: none, so that only the user ends it. */
  signal?: AbortSignal | undefined;
  /** What `window.open` is told of the window. Default: 480 by 640 pixels. */
  features?: string | undefined;
}

/** Milliseconds. A window that was closed, after which its page has the focus again, is waited for so much longer. */
const patience = 3000;
const lookInterval = 250;

const channelOf = (state: string): BroadcastChannel | undefined => openChannel(`tokenflight login ${state}`);

/**
 * Logs a user in in a window of its own; the page stays as it is. Call it in the handler of a click, or the browser opens no window. The page of
 * `redirectUri` calls `finishPopup`.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @throws LoginRequiredError (`ERR_LOGIN_REQUIRED`) when no window opens or the user closes it.
 * @throws the signal's reason, and what the client's methods reject with.
 * @example
 * ```ts
 * button.addEventListener("click", async () => {
 *   await tokens.save(await loginByPopup(client, { redirectUri: `${location.origin}/popup`, scope: "openid" }));
 * });
 * ```
 */
export async function loginByPopup<Request extends { redirectUri: string }, Pending extends { readonly state: string }>(
  client: LoginClient<Request, Pending>,
  request: Request,
  options: PopupOptions = {},
): Promise<TokenSet> {
  requireLoginClient(client);
  requireText("redirectUri", request.redirectUri);
  const { signal, features = "popup,width=480,height=640" } = readOptions("loginByPopup", options, ["signal", "features"]);
  // At once, while the click still counts.
  const popup = open("about:blank", "_blank", features);
  if (popup === null)
    throw new LoginRequiredError("The browser opened no window for the login: it has to begin in the handler of a click.");
  // What the authorization server's pages lead to, can lead this page nowhere.
  popup.opener = null;
  try {
    const { url, pending } = await client.authorizationUrl(request);
    const answer = answerOf(popup, pending.state, request.redirectUri, signal);
    popup.location.href = url;
    return await client.exchangeCallback(await answer, pending);
  } finally {
    popup.close();
  }
}

/**
 * The URL that the user came back with. A server's page may have cut the window off from this page, so that it says nothing of itself and counts as closed
 * (Cross-Origin-Opener-Policy).
 */
async function answerOf(popup: Window, state: string, redirectUri: string, signal: AbortSignal | undefined): Promise<string> {
  const channel = channelOf(state);
  if (channel === undefined) throw new StoreError("ERR_STORE_UNAVAILABLE", "The browser lets this page hear nothing of the window.");
  let timer: ReturnType<typeof setInterval> | undefined;
  let abort: () => void;
  return new Promise<string>((resolve, reject) => {
    abort = () => reject(signal && reasonOf(signal));
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string" && isCallback(data, redirectUri)) resolve(data);
    };
    let closedFor = 0;
    timer = setInterval(() => {
      closedFor = popup.closed && document.hasFocus() ? closedFor + lookInterval : 0;
      if (closedFor >= patience) reject(new LoginRequiredError("The window was closed before the login was over."));
    }, lookInterval);
  }).finally(() => {
    clearInterval(timer);
    signal?.removeEventListener("abort", abort);
    channel.close();
  });
}

/**
 * Called by the page of `redirectUri`: hands the answer to the page that opened the window, and closes it. False on every other page.
 *
 * @example
 * ```ts
 * if (!finishPopup(`${location.origin}/popup`)) location.replace("/"); // no login's window
 * ```
 */
export function finishPopup(redirectUri: string): boolean {
  const { href } = location;
  if (!isCallback(href, redirectUri)) return false;
  history.replaceState(history.state, "", redirectUri);
  const channel = channelOf(stateOf(href));
  channel?.postMessage(href);
  channel?.close();
  close();
  return true;
}
