import { attachBearer } from "@tokenflight/axios";
import { tokenTypeScheme, type AuthorizationScheme, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios from "axios";
import ky from "ky";
import type { Attempt, Report } from "./reports.ts";

interface Answer {
  readonly status: number;
  readonly user: string | undefined;
}

/** Sends one call to this URL, by one of the clients. Rejects as the client does. */
type Call = (url: string) => Promise<Answer>;

/** Sends calls through fetch, ky and axios in turn, and tells what became of each. */
export function createCaller(by: string, tokens: TokenCache, report: (report: Report) => void): () => Promise<void> {
  const attempts = new Map<string, Attempt[]>();
  // The usual scheme, and a note of which token is sent with which call.
  const scheme: AuthorizationScheme = (tokenSet, request) => {
    attempts.get(request.url)?.push({ token: tokenSet.fingerprint, at: Date.now() });
    return tokenTypeScheme(tokenSet, request);
  };
  const clients = connectClients(tokens, scheme);
  let count = 0;
  return async () => {
    const call = clients[count % clients.length] as Call;
    count += 1;
    const url = `${location.origin}/api/orders?call=${encodeURIComponent(by)}-${count}`;
    const [from, made] = [Date.now(), [] as Attempt[]];
    attempts.set(url, made);
    const answer = await call(url).catch((error: unknown) => ({ status: 0, user: undefined, error: codeOf(error) }));
    attempts.delete(url);
    report({ by, at: Date.now(), type: "called", from, attempts: made, error: undefined, ...answer });
  };
}

/** None of them retries anything by itself, so that what fails is seen. */
function connectClients(tokens: TokenCache, scheme: AuthorizationScheme): Call[] {
  const options = { origins: location.origin, scheme };
  const send = bearer(tokens, options)(fetch);
  const byKy = ky.create({ retry: 0, timeout: false, throwHttpErrors: false }).extend(kyBearer(tokens, options));
  const byAxios = axios.create({ adapter: "xhr", validateStatus: () => true });
  attachBearer(byAxios, tokens, options);
  return [
    async (url) => readAnswer(await send(url)),
    async (url) => readAnswer(await byKy.get(url)),
    async (url) => {
      const { status, data } = await byAxios.get<{ user?: string }>(url);
      return { status, user: data.user };
    },
  ];
}

async function readAnswer(response: Response): Promise<Answer> {
  const { user } = (await response.json()) as { user?: string };
  return { status: response.status, user };
}

/** axios hides an error of ours behind one of its own. */
function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return cause?.code ?? code ?? "no answer";
}
