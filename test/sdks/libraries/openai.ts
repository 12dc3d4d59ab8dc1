import { bearer } from "@tokenflight/fetch";
import OpenAI from "openai";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const withToken = bearer(tokens, { origins: origin, placeholder: "Bearer tokenflight" })(fetch);
  const openai = new OpenAI({ apiKey: "tokenflight", baseURL: `${origin}/v1`, fetch: withToken });
  const answer = await openai.responses.create({ model: "any", input: "Tea" });
  // Until here.
  return answer;
}
