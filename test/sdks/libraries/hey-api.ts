import { bearer } from "@tokenflight/fetch";
import { generatedClient } from "../generated-client.ts";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  const { client, createOrder } = await generatedClient();
  // Shown:
  const withToken = bearer(tokens, { origins: origin })(fetch);
  client.setConfig({ baseUrl: origin, fetch: withToken });
  const { data } = await createOrder({ body: { item: "tea" } });
  // Until here.
  return data;
}
