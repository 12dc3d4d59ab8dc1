import { bearer } from "@tokenflight/fetch";
import { Stripe } from "stripe";
import type { Given } from "../library.ts";

export async function call({ origin, tokens }: Given): Promise<unknown> {
  const { hostname, port } = new URL(origin);
  const address = { protocol: "http", host: hostname, port } as const;
  // Shown:
  const withToken = bearer(tokens, { origins: origin, placeholder: "Bearer sk_tokenflight" })(fetch);
  const stripe = new Stripe("sk_tokenflight", { httpClient: Stripe.createFetchHttpClient(withToken), ...address });
  const customer = await stripe.customers.create({ name: "Zoë" });
  // Until here.
  return customer;
}
