import { InvalidOptionError, kindOf, requireOneOf, requireText } from "@tokenflight/core";
import type { SigningAlgorithm } from "../client-auth/signing-key.ts";
import { requireServerUrl } from "../server/authorization-server.ts";
import { requireOrigin } from "./talkdesk.ts";

/** An event of Talkdesk's about an installation, checked. */
export interface InstallationEvent {
  readonly appId: string;
  readonly installationId: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly apiOrigin: string;
  readonly tokenEndpoint: string | undefined;
  readonly authorizationEndpoint: string | undefined;
  /** Milliseconds since the UNIX epoch. */
  readonly createdAt: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly privateKey: string;
  readonly keyId: string;
  readonly algorithm: SigningAlgorithm;
}

/** The algorithms that Talkdesk names, and RS256 in case it uses that. */
const algorithms = ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256"];

/** Identifiers become part of a URL's path. */
const identifier = /^[\w.~-]{1,128}$/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an event as Talkdesk's Events API delivers it: `type` and ids outside, credentials in `data`, addresses in `_links`. Throws
 * InvalidOptionError, which names the field and never shows a credential.
 */
export function readInstallationEvent(event: unknown, type: "app.installed" | "app.credentials_rotated"): InstallationEvent {
  const outer = fieldsOf("event", event);
  if (outer["type"] !== type) throw new InvalidOptionError("event.type", `"${type}"`, kindOf(outer["type"]));
  const data = fieldsOf("event.data", outer["data"]);
  const links = fieldsOf("event._links", outer["_links"]);
  const text = (name: string): string => {
    requireText(`event.data.${name}`, data[name]);
    return data[name] as string;
  };
  const link = (name: string): string | undefined => {
    const href = links[name] === undefined ? undefined : fieldsOf(`event._links.${name}`, links[name])["href"];
    return href === undefined ? undefined : requireServerUrl(`event._links.${name}.href`, href).href;
  };
  const algorithm = text("key_algorithm");
  requireOneOf("event.data.key_algorithm", algorithm, algorithms);
  const createdAt = typeof outer["created_at"] === "string" ? Date.parse(outer["created_at"]) : Number.NaN;
  if (Number.isNaN(createdAt)) throw new InvalidOptionError("event.created_at", "an ISO 8601 time", kindOf(outer["created_at"]));
  return {
    appId: identifierAt("event.app_id", outer["app_id"]),
    installationId: identifierAt("event.data.installation_id", data["installation_id"]),
    accountId: identifierAt("event.data.account_id", data["account_id"]),
    accountName: text("account_name"),
    apiOrigin: requireOrigin("event._links.root.href", fieldsOf("event._links.root", links["root"])["href"]),
    tokenEndpoint: link("token"),
    authorizationEndpoint: link("authorization"),
    createdAt,
    clientId: identifierAt("event.data.client_id", data["client_id"]),
    clientSecret: text("client_secret"),
    privateKey: text("private_key"),
    keyId: text("key_id"),
    algorithm: algorithm as SigningAlgorithm,
  };
}

function fieldsOf(where: string, value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidOptionError(where, "an object", kindOf(value));
  // Only the object's own fields count.
  return Object.assign(Object.create(null), value) as Fields;
}

function identifierAt(where: string, value: unknown): string {
  if (typeof value !== "string" || !identifier.test(value)) throw new InvalidOptionError(where, "an identifier", kindOf(value));
  return value;
}
