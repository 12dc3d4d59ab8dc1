import { build } from "esbuild";
import { createClient } from "@hey-api/openapi-ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";

/** What the shop's API description says. */
const description = {
  openapi: "3.1.0",
  info: { title: "shop", version: "1" },
  paths: {
    "/orders": {
      post: {
        operationId: "createOrder",
        requestBody: {
          required: true,
          content: { "application/json": { schema: { type: "object", properties: { item: { type: "string" } } } } },
        },
        responses: { 200: { description: "ok", content: { "application/json": { schema: { type: "object" } } } } },
      },
    },
  },
} as const;

/** What is used of the client that is generated. */
export interface GeneratedClient {
  readonly client: { setConfig(config: { baseUrl: string; fetch: typeof fetch }): void };
  readonly createOrder: (options: { body: { item: string } }) => Promise<{ data?: unknown; error?: unknown }>;
}

/** Generates a client of the shop's API with hey-api's generator, bundles it as programs do, and loads it. */
export async function generatedClient(): Promise<GeneratedClient> {
  using folder = temporaryFolder();
  const output = { path: folder.file("client"), clean: false };
  await createClient({ input: description, output, plugins: ["@hey-api/client-fetch", "@hey-api/sdk"], logs: { level: "silent" } });
  const contents = `export { client } from "./client/client.gen"; export { createOrder } from "./client/sdk.gen";`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder.path, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  const [{ text }] = outputFiles as unknown as [{ text: string }];
  return (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as GeneratedClient;
}
