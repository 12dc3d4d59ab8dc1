import { bearer } from "@tokenflight/fetch";
import createClient from "openapi-fetch";
import type { Given } from "../library.ts";

/** As openapi-typescript writes it. */
interface paths {
  "/orders": {
    post: {
      requestBody: { content: { "application/json": { item: string } } };
      responses: { 200: { content: { "application/json": { ok: boolean } } } };
    };
  };
}

export async function call({ origin, tokens }: Given): Promise<unknown> {
  // Shown:
  const withToken = bearer(tokens, { origins: origin })(fetch);
  const client = createClient<paths>({ baseUrl: origin, fetch: withToken });
  const { data } = await client.POST("/orders", { body: { item: "tea" } });
  // Until here.
  return data;
}
