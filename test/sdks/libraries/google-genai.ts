import { GoogleGenAI } from "@google/genai";
import { bearer } from "@tokenflight/fetch";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const withToken = bearer(tokens, { origins: origin, placeholder: { "x-goog-api-key": "tokenflight" } })(fetch);
  const ai = new GoogleGenAI({ apiKey: "tokenflight", httpOptions: { baseUrl: origin, fetch: withToken } });
  const answer = await ai.models.generateContent({ model: "gemini", contents: "Tea" });
  // Until here.
  return answer;
}
