import { drive } from "@googleapis/drive";
import { bearer } from "@tokenflight/fetch";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const fetchImplementation = bearer(tokens, { origins: origin })(fetch);
  const files = drive({ version: "v3", rootUrl: `${origin}/`, fetchImplementation }).files;
  const { data } = await files.create({ requestBody: { name: "tea.txt" } });
  // Until here.
  return data;
}
