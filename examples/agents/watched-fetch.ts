import type { Deed } from "./messages.ts";

type Send = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A fetch function that tells of each refresh token that is sent, and of its refusal. Either way to log in is given it, so that both are counted alike. */
export function watchedFetch(tell: (deed: Deed) => void): Send {
  return async (url, init) => {
    const form = init?.method === "POST" ? new URLSearchParams(textOf(init.body)) : undefined;
    if (form?.get("grant_type") !== "refresh_token") return fetch(url, init);
    tell("refresh");
    const response = await fetch(url, init);
    if (!response.ok) tell("refused");
    return response;
  };
}

function textOf(body: unknown): string {
  return typeof body === "string" || body instanceof URLSearchParams ? body.toString() : "";
}
