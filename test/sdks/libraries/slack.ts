import { WebClient } from "@slack/web-api";
import { bearer } from "@tokenflight/fetch";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const withToken = bearer(tokens, { origins: origin })(fetch);
  const slack = new WebClient(undefined, { slackApiUrl: `${origin}/api/`, fetch: withToken });
  const answer = await slack.conversations.create({ name: "tea" });
  // Until here.
  return answer;
}
