import type { Role } from "../measure/sample.ts";

/** A program with one small import, and what is not counted. */
export interface Bundle {
  readonly table: "core" | "adapters" | "together";
  readonly name: string;
  readonly role: Role;
  /** TypeScript. */
  readonly program: string;
  readonly leftOut: readonly string[];
  /** Shows what it consists of: file by file, or package by package. */
  readonly parts?: "files" | "packages";
}

const clients = ["axios", "got", "ky", "undici"];
const adapters: Record<string, string> = {
  axios: "attachBearer",
  got: "bearer",
  ky: "bearer",
  fetch: "bearer",
  undici: "bearer",
};

function ours(table: Bundle["table"], name: string, program: string, leftOut: readonly string[]): Bundle {
  return { table, name, role: "ours", program, leftOut };
}

function peer(name: string, program: string, leftOut: readonly string[] = clients): Bundle {
  return { table: "together", name, role: "peer", program, leftOut };
}

const core = 'export { createTokenCache } from "@tokenflight/core";';
const oauth = 'export { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";';
const withFetch = 'export { bearer } from "@tokenflight/fetch";';

export const bundles: readonly Bundle[] = [
  { ...ours("core", "@tokenflight/core: createTokenCache", core, ["p-queue"]), parts: "files" },
  {
    ...ours("core", "@tokenflight/core: createTokenPool, with p-queue", 'export { createTokenPool } from "@tokenflight/core";', []),
    role: "reference",
  },
  ...Object.entries(adapters).map(([client, name]): Bundle => ({
    ...ours("adapters", `@tokenflight/${client}`, `export { ${name} } from "@tokenflight/${client}";`, [...clients, "@tokenflight/core"]),
    parts: "files",
  })),
  { ...ours("together", "tokenflight: core, oauth and fetch", `${core}${oauth}${withFetch}`, []), parts: "packages" },
  {
    ...ours("together", "tokenflight: core, oauth and axios", `${core}${oauth}export { attachBearer } from "@tokenflight/axios";`, clients),
    role: "reference",
  },
  peer("axios-auth-refresh", 'export { createAuthRefresh } from "axios-auth-refresh";'),
  peer("@badgateway/oauth2-client", 'export { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";'),
  peer("simple-oauth2", 'export { ClientCredentials } from "simple-oauth2";'),
  peer("google-auth-library", 'export { OAuth2Client } from "google-auth-library";'),
  peer("@azure/core-rest-pipeline", 'export { bearerTokenAuthenticationPolicy } from "@azure/core-rest-pipeline";'),
];
