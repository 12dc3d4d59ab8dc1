import { bearer } from "@tokenflight/fetch";
import { Octokit } from "octokit";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const withToken = bearer(tokens, { origins: origin })(fetch);
  const octokit = new Octokit({ baseUrl: origin, request: { fetch: withToken } });
  const { data } = await octokit.rest.issues.create({ owner: "me", repo: "shop", title: "Tea" });
  // Until here.
  return data;
}
