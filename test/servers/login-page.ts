import type { IncomingMessage, ServerResponse } from "node:http";
import type Provider from "oidc-provider";
import { readBody } from "./read-body.ts";

/** Who may log in. */
export interface User {
  readonly name: string;
  readonly password: string;
}

const title = "Log in to the test server";

/** The page on which a user logs in and agrees to what a client asks for, and the answers to its form. It works without scripts. */
export async function showLoginPage(provider: Provider, user: User, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") return showForm(response, 200, "");
  const form = new URLSearchParams((await readBody(request, 4096)).bytes.toString());
  if (form.has("cancel")) {
    const refusal = { error: "access_denied", error_description: "The user said no." };
    return provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false });
  }
  if (form.get("name") !== user.name || form.get("password") !== user.password) return showForm(response, 401, "That is not right.");
  await agree(provider, user.name, params, request, response);
}

/** The user is logged in and agrees to everything that was asked for. */
export async function agree(
  provider: Provider,
  accountId: string,
  params: Readonly<Record<string, unknown>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const grant = new provider.Grant({ accountId, clientId: String(params["client_id"]) });
  grant.addOIDCScope(String(params["scope"]));
  for (const resource of [params["resource"] ?? []].flat() as string[]) grant.addResourceScope(resource, String(params["scope"]));
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

function showForm(response: ServerResponse, status: number, problem: string): void {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>${title}</title>
  <h1>${title}</h1>
  <p role="alert">${problem}</p>
  <form method="post">
    <label>Name <input name="name" required></label>
    <label>Password <input name="password" type="password" required></label>
    <button>Log in</button>
    <button name="cancel" formnovalidate>Cancel</button>
  </form>
</html>
`);
}
