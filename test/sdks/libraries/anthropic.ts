import Anthropic from "@anthropic-ai/sdk";
import { bearer } from "@tokenflight/fetch";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const withToken = bearer(tokens, { origins: origin, placeholder: "Bearer tokenflight" })(fetch);
  const anthropic = new Anthropic({ apiKey: null, authToken: "tokenflight", baseURL: origin, fetch: withToken });
  const answer = await anthropic.messages.create({ model: "any", max_tokens: 9, messages: [{ role: "user", content: "Tea" }] });
  // Until here.
  return answer;
}
